import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { coldSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';
import {
  collect,
  commitId,
  memoryIndex,
  note,
  openTestStore,
  syncingWith,
  tempDir,
} from '../support/log-helpers.ts';

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

const tornCopies = () => (existsSync(join(logs, 'torn')) ? readdirSync(join(logs, 'torn')) : []);

/** What a reader sees, and what a writer then makes of it: a refusal (65), or a whole log and all bytes kept. */
const tryLog = async (bytes: Buffer, durableMark: number) => {
  rmSync(join(logs, 'torn'), { recursive: true, force: true });
  writeFileSync(logFile, bytes);
  const index = memoryIndex();
  index.setDurableMark(durableMark);
  const notices: string[] = [];
  const open = () =>
    openTestStore(logs, { index, onNotice: (notice) => notices.push(notice), ...syncingWith(() => {}) });
  const reader = open();
  const read = await collect(reader.readAll(null)).then(
    (events) => events.map((e) => e.seq as number),
    (error: { exitCode?: number }) => error.exitCode,
  );
  await reader.close();
  expect(readFileSync(logFile).equals(bytes)).toBe(true);
  const writer = open();
  const stream = 'run/after';
  const written = await writer
    .append(stream, 0, [note('after')], { durable: false, commitId: commitId() })
    .then(
      (result) => result.position.seq as number,
      (error: { exitCode?: number }) => ({ exitCode: error.exitCode }),
    );
  await writer.close();
  return { read, written, notices };
};

const expectKept = async (bytes: Buffer, read: unknown, result: Awaited<ReturnType<typeof tryLog>>) => {
  const kept = (read as number[]).length;
  expect(result.written).toBe(kept + 1);
  const after = readFileSync(logFile);
  const keptBytes = kept === 0 ? 0 : (lines[kept - 1] as Line).end;
  expect(after.subarray(0, keptBytes).equals(golden.subarray(0, keptBytes))).toBe(true);
  const removed = bytes.subarray(Math.min(keptBytes, bytes.length));
  const copies = tornCopies().map((name) => readFileSync(join(logs, 'torn', name)));
  expect(Buffer.concat(copies).equals(removed)).toBe(true);
  expect(result.notices).toHaveLength(keptBytes === bytes.length ? 0 : 1);
  const verified = await verifyLog(logs, coldSha256);
  expect(verified.events).toBe(kept + 1);
  expect(verified.bytes).toBe(after.length);
};

const whole = (size: number) =>
  lines.filter((l) => (lines[l.lastOfBatch - 1] as Line).end - 1 <= size).map((l) => l.seq);

describe('a log cut off', { timeout: 120_000 }, () => {
  it('at any byte keeps every complete commit, sets the rest aside, and goes on', async () => {
    for (let size = 0; size <= golden.length; size++) {
      const bytes = golden.subarray(0, size);
      const result = await tryLog(bytes, 0);
      expect(result.read).toEqual(whole(size));
      await expectKept(bytes, result.read, result);
    }
  });

  it('at any byte before what was on disk is refused, and left as it was', async () => {
    const last = lines.at(-1) as Line;
    for (let size = 0; size < golden.length - 1; size += 3) {
      const bytes = golden.subarray(0, size);
      const result = await tryLog(bytes, last.seq);
      expect(result).toMatchObject({ read: 65, written: { exitCode: 65 } });
      expect(readFileSync(logFile).equals(bytes)).toBe(true);
      expect(tornCopies()).toEqual([]);
    }
  });
});

describe('a log with one wrong byte', { timeout: 240_000 }, () => {
  it('never loses what its lines say was on disk, and never lets a changed event pass', async () => {
    let refused = 0;
    for (let at = 0; at < golden.length; at++) {
      const bytes = Buffer.from(golden);
      bytes[at] = (bytes[at] as number) ^ 1;
      const hit = lines.find((l) => at < l.end) as Line;
      const others = Math.max(...lines.filter((l) => l.seq !== hit.seq).map((l) => l.synced));
      const glued = at === hit.end - 1;
      const mark = glued ? Math.max(...lines.map((l) => l.synced)) : others;
      const result = await tryLog(bytes, 0);
      if (mark >= hit.firstOfBatch) {
        refused++;
        expect(result).toMatchObject({ read: 65, written: { exitCode: 65 } });
        expect(readFileSync(logFile).equals(bytes)).toBe(true);
      } else {
        expect(result.read).toEqual(lines.slice(0, hit.firstOfBatch - 1).map((l) => l.seq));
        await expectKept(bytes, result.read, result);
      }
    }
    expect(refused).toBeGreaterThan(golden.length / 2);
  });

  it('is refused wherever the byte is, when the index knows that all of it was on disk', async () => {
    const last = lines.at(-1) as Line;
    for (let at = 0; at < golden.length; at += 3) {
      const bytes = Buffer.from(golden);
      bytes[at] = (bytes[at] as number) ^ 0x80;
      const result = await tryLog(bytes, last.seq);
      expect(result).toMatchObject({ read: 65, written: { exitCode: 65 } });
    }
  });

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
    const result = await tryLog(bytes, 8);
    await expectKept(bytes, result.read, result);
    expect(statSync(join(logs, 'torn', tornCopies()[0] as string)).size).toBe(garbage.length);
  });

  it('zeros after the end, as some file systems leave after a power cut, are set aside', async () => {
    const bytes = Buffer.concat([golden, Buffer.alloc(4096)]);
    const result = await tryLog(bytes, 8);
    await expectKept(bytes, result.read, result);
  });

  it('valid-looking lines behind damage go aside with it, for their chain is broken', async () => {
    const last = lines.at(-1) as Line;
    const bytes = Buffer.concat([golden, Buffer.from('broken line\n'), golden.subarray(last.start)]);
    const result = await tryLog(bytes, 8);
    await expectKept(bytes, result.read, result);
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
