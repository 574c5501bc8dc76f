import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { StreamIndex } from '../../src/log/event-store.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, memoryIndex, note, openTestStore, tempDir } from '../support/log-helpers.ts';
import type { CutDisk } from '../support/power-cut-disk.ts';
import { processOn } from '../support/power-cut-fs.ts';
import { freeLock } from '../support/power-cut-log.ts';
import { findIno, machine, makeDurableFolder } from '../support/power-cut-machine.ts';

const LOGS = '/home/logs';
const LOG = `${LOGS}/events.jsonl`;
const golden = readFileSync(join(import.meta.dirname, '../golden/log-v1.jsonl'));
const text = golden.toString('utf8');
type Line = {
  seq: number;
  start: number;
  end: number;
  firstOfBatch: number;
  lastOfBatch: number;
  synced: number;
};
const lines: Line[] = [];
for (const line of text.trimEnd().split('\n')) {
  const { seq, batch, synced } = JSON.parse(line) as {
    seq: number;
    batch?: [number, number];
    synced?: number;
  };
  const start = lines.at(-1)?.end ?? 0;
  const [i, n] = batch ?? [1, 1];
  const range = { firstOfBatch: seq - i + 1, lastOfBatch: seq - i + n };
  lines.push({ seq, start, end: start + Buffer.byteLength(line) + 1, ...range, synced: synced ?? 0 });
}

const temp = tempDir();
const logs = join(temp.dir, 'logs');
const logFile = join(logs, 'events.jsonl');
mkdirSync(logs);
afterAll(() => temp.remove());

/** The log in memory: a sweep over every byte is some ten thousand homes, and none of them needs a real disk. */
const bytesAt = (disk: CutDisk, path: string): Buffer => {
  const file = disk.files.get(findIno(disk, path) ?? 0);
  return file === undefined ? Buffer.alloc(0) : file.read(0, file.size);
};

/** What a reader sees, and what a writer then makes of it: a refusal (65), or a whole log and all bytes kept. */
const tryLog = async (bytes: Buffer, index: StreamIndex) => {
  const on = machine();
  makeDurableFolder(on, LOGS);
  const fs = processOn(on);
  fs.writeFileSync(LOG, bytes);
  const notices: string[] = [];
  const open = () =>
    openTestStore(LOGS, { fs, lock: freeLock, index, onNotice: (notice) => notices.push(notice) });
  const reader = open();
  const read = await collect(reader.readAll(null)).then(
    (events) => events.map((e) => e.seq as number),
    (error: { exitCode?: number }) => error.exitCode,
  );
  await reader.close();
  assert.ok(bytesAt(on.disk, LOG).equals(bytes), 'a reader changed the log');
  const writer = open();
  const written = await writer
    .append('run/after', 0, [note('after')], { durable: false, commitId: commitId() })
    .then(
      (result) => result.position.seq as number,
      (error: { exitCode?: number }) => ({ exitCode: error.exitCode }),
    );
  await writer.close();
  const torn = on.disk.names(findIno(on.disk, `${LOGS}/torn`) ?? 0);
  const copies = [...(torn?.keys() ?? [])].map((name) => bytesAt(on.disk, `${LOGS}/torn/${name}`));
  return { read, written, notices, after: bytesAt(on.disk, LOG), copies: Buffer.concat(copies), fs };
};
type Tried = Awaited<ReturnType<typeof tryLog>>;

const markedIndex = (durableMark: number): StreamIndex => {
  const index = memoryIndex();
  index.setDurableMark(durableMark);
  return index;
};

/** An index whose checkpoint stands after `seq`, as the projector left it. */
const indexThrough = async (seq: number): Promise<StreamIndex> => {
  const on = machine();
  makeDurableFolder(on, LOGS);
  const fs = processOn(on);
  fs.writeFileSync(LOG, golden.subarray(0, (lines[seq - 1] as Line).end));
  const index = memoryIndex();
  const store = openTestStore(LOGS, { fs, lock: freeLock, index });
  index.catchUp(store);
  await store.close();
  return index;
};

/** The `count` first events are kept, the rest is set aside, and the log goes on. */
const checkKept = async (bytes: Buffer, tried: Tried, count: number): Promise<void> => {
  assert.deepEqual(
    tried.read,
    lines.slice(0, count).map((l) => l.seq),
  );
  assert.equal(tried.written, count + 1);
  const keptBytes = count === 0 ? 0 : (lines[count - 1] as Line).end;
  assert.ok(tried.after.subarray(0, keptBytes).equals(golden.subarray(0, keptBytes)));
  assert.ok(tried.copies.equals(bytes.subarray(Math.min(keptBytes, bytes.length))), 'bytes vanished');
  assert.equal(tried.notices.length, keptBytes === bytes.length ? 0 : 1);
  const verified = await verifyLog(LOGS, coldSha256, { fs: tried.fs });
  assert.equal(verified.events, count + 1);
  assert.equal(verified.bytes, tried.after.length);
};

/** Exit 65 for everybody, and not a byte is touched. */
const checkRefused = (bytes: Buffer, tried: Tried): void => {
  assert.deepEqual([tried.read, tried.written], [65, { exitCode: 65 }]);
  assert.ok(tried.after.equals(bytes));
  assert.equal(tried.copies.length, 0);
};

const expectKept = (bytes: Buffer, tried: Tried): Promise<void> =>
  checkKept(bytes, tried, (tried.read as number[]).length);

const whole = (size: number) =>
  lines.filter((l) => (lines[l.lastOfBatch - 1] as Line).end - 1 <= size).map((l) => l.seq);

const seqs = lines.map((l) => l.seq);
/** Ends of commits: where a checkpoint can stand. */
const ends = lines.filter((l) => l.lastOfBatch === l.seq).map((l) => l.seq);
/** The greatest `synced` of the lines that pass. */
const syncedIn = (passes: (line: Line) => boolean): number =>
  Math.max(0, ...lines.filter(passes).map((l) => l.synced));

describe('a log cut off at any byte', { timeout: 240_000 }, () => {
  it('keeps every complete commit, sets the rest aside, and goes on', async () => {
    for (let size = 0; size <= golden.length; size++) {
      const bytes = golden.subarray(0, size);
      await checkKept(bytes, await tryLog(bytes, markedIndex(0)), whole(size).length);
    }
  });

  it.each(seqs)('is refused where the index knows that events up to %i were on disk', async (mark) => {
    for (let size = 0; size <= golden.length; size += mark === seqs.length ? 1 : 3) {
      const bytes = golden.subarray(0, size);
      const left = whole(size).length;
      const tried = await tryLog(bytes, markedIndex(mark));
      if (left < mark) checkRefused(bytes, tried);
      else await checkKept(bytes, tried, left);
    }
  });

  it.each(ends)('is refused where the checkpoint of the index is at %i', async (mark) => {
    const index = await indexThrough(mark);
    for (let size = 0; size <= golden.length; size++) {
      const bytes = golden.subarray(0, size);
      const left = whole(size).length;
      const tried = await tryLog(bytes, index);
      // With its newline gone the checkpoint's line is not the one that was indexed, but it is whole.
      if (left < mark) checkRefused(bytes, tried);
      else await checkKept(bytes, tried, left);
    }
  });
});

const patterns: readonly (readonly [string, (byte: number) => number])[] = [
  ['its lowest bit turned', (byte) => byte ^ 1],
  ['its highest bit turned', (byte) => byte ^ 0x80],
  ['a newline in its place', () => 0x0a],
  ['a zero in its place', () => 0],
  ['a quote in its place', () => 0x22],
];

/** Each byte of the golden log damaged, one at a time. */
const eachDamaged = async (
  damage: (byte: number) => number,
  check: (bytes: Buffer, hit: Line, isNewline: boolean) => Promise<void>,
): Promise<void> => {
  for (let at = 0; at < golden.length; at++) {
    const bytes = Buffer.from(golden);
    bytes[at] = damage(golden[at] as number);
    if (bytes[at] === golden[at]) continue;
    const hit = lines.find((l) => at < l.end) as Line;
    await check(bytes, hit, at === hit.end - 1);
  }
};

describe.each(patterns)('a log with one wrong byte, %s', { timeout: 240_000 }, (_, damage) => {
  it('never loses what its lines say was on disk, and never lets a changed event pass', async () => {
    let refused = 0;
    await eachDamaged(damage, async (bytes, hit, isNewline) => {
      const tried = await tryLog(bytes, markedIndex(0));
      // A line that lost only its newline still tells what it knew.
      const mark = syncedIn((l) => isNewline || l.seq !== hit.seq);
      if (mark >= hit.firstOfBatch) {
        refused++;
        checkRefused(bytes, tried);
      } else await checkKept(bytes, tried, hit.firstOfBatch - 1);
    });
    expect(refused).toBeGreaterThan(golden.length / 2);
  });

  it('is refused wherever the byte is, when the index knows that all of it was on disk', async () => {
    await eachDamaged(damage, async (bytes) => {
      checkRefused(bytes, await tryLog(bytes, markedIndex(seqs.length)));
    });
  });

  it('with a checkpoint in the middle: nothing that was on disk is lost or touched, and verify finds it', async () => {
    const checkpoint = ends[Math.floor(ends.length / 2)] as number;
    const index = await indexThrough(checkpoint);
    let unseen = 0;
    await eachDamaged(damage, async (bytes, hit, isNewline) => {
      const tried = await tryLog(bytes, index);
      const mark = Math.max(
        checkpoint,
        syncedIn((l) => isNewline || l.seq !== hit.seq),
      );
      if (hit.seq > checkpoint && mark < hit.firstOfBatch) {
        await checkKept(bytes, tried, hit.firstOfBatch - 1);
      } else if (hit.seq > checkpoint || typeof tried.written === 'object') {
        // Its own line too, where it cannot be the one that was indexed.
        checkRefused(bytes, tried);
      } else {
        // Checked when it was indexed and not again: a command costs the same after a million events. What is there
        // is not cut, and who verifies the whole log is told.
        unseen++;
        assert.ok(tried.after.subarray(0, bytes.length).equals(bytes));
        assert.equal(tried.copies.length, 0);
        const { damage: found } = await verifyLog(LOGS, coldSha256, { fs: tried.fs });
        assert.ok(found !== undefined && found.line <= hit.seq + 1, 'not found by verify');
      }
    });
    expect(unseen).toBeGreaterThan(0);
  });
});

describe('a damaged log', () => {
  it('says line, byte and reason', async () => {
    const third = lines[2] as Line;
    const bytes = Buffer.from(golden);
    bytes.write('x', third.start + 40);
    writeFileSync(logFile, bytes);
    const store = openTestStore(logs);
    await expect(collect(store.readAll(null))).rejects.toMatchObject({
      code: 'log-corrupt',
      where: `${logFile}, line 3, byte ${third.start}`,
      details: { line: 3, offset: third.start },
    });
    const { damage } = await verifyLog(logs, coldSha256);
    expect(damage).toMatchObject({ line: 3, offset: third.start });
    await store.close();
  });
});

describe('other ends of a log', () => {
  it('a long run of garbage without a newline is set aside, not loaded into memory', async () => {
    const garbage = Buffer.alloc(5 * 1024 * 1024, 'x');
    const bytes = Buffer.concat([golden, garbage]);
    const result = await tryLog(bytes, markedIndex(8));
    await expectKept(bytes, result);
    expect(result.copies.length).toBe(garbage.length);
  });

  it('zeros after the end, as some file systems leave after a power cut, are set aside', async () => {
    const bytes = Buffer.concat([golden, Buffer.alloc(4096)]);
    await expectKept(bytes, await tryLog(bytes, markedIndex(8)));
  });

  it('valid-looking lines behind damage go aside with it, for their chain is broken', async () => {
    const last = lines.at(-1) as Line;
    const bytes = Buffer.concat([golden, Buffer.from('broken line\n'), golden.subarray(last.start)]);
    await expectKept(bytes, await tryLog(bytes, markedIndex(8)));
  });

  it('an event of a newer version stops the reader by name, and is not cut off by a writer', async () => {
    const newer = text.replace('"type":"LogRepaired"', '"type":"FromTomorrow"');
    const lastLine = newer.slice(newer.lastIndexOf('\n', newer.length - 2) + 1).trimEnd();
    const previous = JSON.parse(text.trimEnd().split('\n')[6] as string) as { hash: string };
    const head = lastLine.slice(0, lastLine.indexOf(',"data":'));
    const signed = `${lastLine.slice(0, -66)}${coldSha256(previous.hash + head)}"}\n`;
    writeFileSync(
      logFile,
      Buffer.concat([golden.subarray(0, (lines.at(-1) as Line).start), Buffer.from(signed)]),
    );
    const store = openTestStore(logs);
    await store.append('run/x', 0, [note('x')], { durable: false, commitId: commitId() });
    expect(readFileSync(logFile, 'utf8')).toContain(signed);
    for (const events of [store.readAll(null), store.read('system')]) {
      await expect(collect(events)).rejects.toMatchObject({
        code: 'log-newer-version',
        details: { type: 'FromTomorrow' },
      });
    }
    expect(await collect(store.read('workflow/hello'))).toHaveLength(3);
    await store.close();
  });
});
