import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventSchemas } from '../../src/events/catalog.ts';
import { decodeLine, encodeLine, GENESIS_HASH, isInvalid } from '../../src/events/codec.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { findCut } from '../../src/log/archive-cut.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { type FoldableEvent, foldRun } from '../../src/workflow/evolve.ts';
import { collect, commitId, note, openTestStore, tempDir } from '../support/log-helpers.ts';

const golden = join(import.meta.dirname, '../golden');
const HEAD = '570c58eb3af591690b1158eb28be9862d2c23a75343b070dd8ce877a6af651b5';
const ERASED_HEAD = 'b881840c54f272064cb5ba3d6c77205fe8fd61469935dff2bc6eb860f657f762';
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

  it('a run that was erased: its data is gone, its last event says so, and the chain holds', async () => {
    const lines = linesOf('log-v1-run-erased.jsonl');
    const logs = join(temp.dir, 'logs');
    mkdirSync(logs, { recursive: true });
    copyFileSync(join(golden, 'log-v1-run-erased.jsonl'), join(logs, 'events.jsonl'));
    const result = await verifyLog(logs, coldSha256);
    // The second line's data is too short to be replaced, and too short to hold a word of anybody.
    expect(result).toMatchObject({ events: 4, erased: 1, headHash: ERASED_HEAD });
    expect(result).not.toHaveProperty('damage');
    expect(result).not.toHaveProperty('unsaid');
    const run = lines.map(decode).filter(({ stream }) => stream.startsWith('run/'));
    expect(foldRun(run as unknown as FoldableEvent[])).toMatchObject({
      ...{ runId: '01KDYAK3S00000000000000RUN', status: 'handed_off', key: 'k', input: '[erased]' },
      erased: { at: '2026-01-02T03:04:05.681Z', route: 'content' },
    });
    const last = decode(lines[3] as string);
    expect(eventSchemas.RunErased.parse(last.data)).toEqual(last.data);
    // Without its last line the first one was replaced by nobody who said so.
    writeFileSync(join(logs, 'events.jsonl'), `${lines.slice(0, 3).join('\n')}\n`);
    expect((await verifyLog(logs, coldSha256)).unsaid).toMatchObject({ line: 1, offset: 0 });
  });

  it('an archived log: its files begin as they did then, and together they are the log', async () => {
    const logs = join(temp.dir, 'logs');
    cpSync(join(golden, 'archived-v1'), logs, { recursive: true });
    expect(await verifyLog(logs, coldSha256)).toMatchObject({ events: 8, headHash: HEAD });
    const store = openTestStore(logs);
    expect(await collect(store.readAll(null))).toHaveLength(8);
    await store.append('workflow/hello', 3, [note('new')], { durable: true, commitId: commitId() });
    await store.close();
    expect(await verifyLog(logs, coldSha256)).toMatchObject({ events: 9 });

    // Today's program cuts the golden log into the same bytes.
    const again = join(temp.dir, 'again');
    mkdirSync(again);
    copyFileSync(join(golden, 'log-v1.jsonl'), join(again, 'events.jsonl'));
    const other = openTestStore(again);
    const log = await other.maintenance();
    const cut = findCut(nodeFs, other.path, await log.settled(), { events: 4 });
    if (cut !== null) await log.archive(cut);
    await other.close();
    for (const name of ['events.jsonl', 'segments/1-4.jsonl'])
      expect(readFileSync(join(again, name), 'utf8')).toBe(
        readFileSync(join(golden, 'archived-v1', name), 'utf8'),
      );
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
      // The feedback of that file was replaced without a word about it: that can be read, and is told.
      expect(result.unsaid?.line).toBe(name.includes('erased') ? 6 : undefined);
    },
  );
});
