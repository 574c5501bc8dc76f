/** Long texts go to blobs, and only texts: what a schema wants as a string stays one, and a line always fits. */
import { describe, expect, test } from 'vitest';
import { externalise, readText } from '../../src/engine/texts.ts';
import { MAX_LINE_BYTES } from '../../src/events/envelope.ts';
import { runEventSchemas } from '../../src/events/run-events.ts';
import { sha256 } from '../support/simulation.ts';

const memory = () => {
  const kept = new Map<string, Uint8Array>();
  return {
    kept,
    put: async (bytes: Uint8Array) => {
      const hash = sha256(bytes);
      kept.set(hash, bytes);
      return hash;
    },
    get: async (hash: string) => kept.get(hash) ?? null,
  };
};

describe('externalise', () => {
  test('keeps short events as they are', async () => {
    const blobs = memory();
    const event = { type: 'X', data: { input: 'short', stdout: 'y'.repeat(1000) } };
    expect(await externalise(blobs, event)).toBe(event);
    expect(blobs.kept.size).toBe(0);
  });

  test('a long text becomes a reference that leads back to it', async () => {
    const blobs = memory();
    const long = 'ü'.repeat(20_000);
    const { data } = await externalise(blobs, { data: { stdout: long } });
    expect(data.stdout).toMatchObject({ bytes: 40_000 });
    expect(await readText(blobs, data.stdout as unknown as string)).toBe(long);
  });

  test('a long string that is no text stays: a reference there would break its schema', async () => {
    const event = {
      data: { output: { steps: ['x'.repeat(40_000)] }, error: { message: 'y'.repeat(40_000) } },
    };
    expect(await externalise(memory(), event)).toEqual(event);
  });

  test('many texts that fit one by one still fit on one line together', async () => {
    const cover = (step: string) => ({
      step,
      dispatcher: 'manual',
      message: 'm'.repeat(20_000),
      binding: 'a'.repeat(64),
    });
    const data = {
      approvalId: 'A-r',
      at: 'execute',
      risk: 'high',
      reasons: [],
      binding: 'a'.repeat(64),
      covers: Array.from({ length: 20 }, (_, i) => cover(`s${i}`)),
    };
    const made = await externalise(memory(), data);
    expect(JSON.stringify(made).length).toBeLessThan(MAX_LINE_BYTES / 2);
    expect(runEventSchemas.ApprovalRequested.safeParse(made).success).toBe(true);
  });
});
