import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeLine, encodeLine, GENESIS_HASH, isInvalid } from '../../src/events/codec.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, note, openTestStore, tempDir } from '../support/log-helpers.ts';

const golden = join(import.meta.dirname, '../golden');
const HEAD = '570c58eb3af591690b1158eb28be9862d2c23a75343b070dd8ce877a6af651b5';
const linesOf = (name: string) => readFileSync(join(golden, name), 'utf8').trimEnd().split('\n');
const sha256 = (text: string) => createHash('sha256').update(Buffer.from(text, 'utf8')).digest('hex');

const decode = (line: string): StoredEvent => {
  const event = decodeLine(line);
  if (isInvalid(event)) throw new Error(event.invalid);
  return event;
};

describe('golden log of version 1', () => {
  const temp = tempDir();
  afterEach(() => temp.remove());

  it('is written today exactly as it was written then', () => {
    let previous = GENESIS_HASH;
    for (const line of linesOf('log-v1.jsonl')) {
      const { dataHash, hash, ...fields } = decode(line);
      expect(encodeLine(coldSha256, previous, fields)).toEqual({ line, hash, dataHash });
      previous = hash;
    }
    expect(previous).toBe(HEAD);
  });

  it('has every variant of a line', () => {
    const events = linesOf('log-v1.jsonl').map(decode);
    expect(events.some((e) => e.batch === undefined)).toBe(true);
    expect(events.some((e) => e.batch?.[1] === 3)).toBe(true);
    expect(events.some((e) => e.synced !== undefined && e.batch === undefined)).toBe(true);
    expect(events.some((e) => Object.keys(e.meta ?? {}).length === 5)).toBe(true);
    expect(events.some((e) => Object.hasOwn(e.data, '__proto__'))).toBe(true);
  });

  it.each(['log-v1.jsonl', 'log-v1-erased.jsonl'])(
    '%s: the chain holds, worked out without our code',
    (name) => {
      let previous = '0'.repeat(64);
      for (const line of linesOf(name)) {
        const [, head, dataHash, data, hash] =
          /^(\{.*?,"dataHash":"([0-9a-f]{64})"),"data":(\{.*\} *),"hash":"([0-9a-f]{64})"\}$/su.exec(line) ??
          [];
        expect(sha256(`${previous}${head}`)).toBe(hash);
        if (data?.startsWith('{"erased":true}') === false) expect(sha256(data)).toBe(dataHash);
        previous = hash ?? '';
      }
      expect(previous).toBe(HEAD);
    },
  );

  it.each(['log-v1.jsonl', 'log-v1-erased.jsonl'])(
    '%s opens, is whole, and can be written on',
    async (name) => {
      const logs = join(temp.dir, 'logs');
      mkdirSync(logs, { recursive: true });
      copyFileSync(join(golden, name), join(logs, 'events.jsonl'));
      const store = openTestStore(logs);
      expect(await store.headOf('workflow/hello')).toBe(3);
      expect(await collect(store.readAll(null))).toHaveLength(8);
      await store.append('workflow/hello', 3, [note('new')], { durable: true, commitId: commitId() });
      await store.close();
      const result = await verifyLog(logs, coldSha256);
      expect(result).toMatchObject({ events: 9, headSeq: 9, erased: name.includes('erased') ? 1 : 0 });
      expect(result).not.toHaveProperty('damage');
    },
  );
});
