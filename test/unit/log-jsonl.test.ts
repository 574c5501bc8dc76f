import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coldSha256 } from '../../src/log/hash.ts';
import type { JsonlStore, JsonlStoreOptions } from '../../src/log/jsonl-store.ts';
import { repairSyncFailure } from '../../src/log/sync-repair.ts';
import { verifyLog } from '../../src/log/verify.ts';
import {
  collect,
  commitId,
  memoryIndex,
  note,
  openTestStore,
  syncingWith,
  systemEnv,
  type TempDir,
  tempDir,
  textOf,
} from '../support/log-helpers.ts';

const appendChild = join(import.meta.dirname, '../support/log-append-child.ts');

describe('JSONL store', () => {
  let temp: TempDir;
  let logs: string;
  let file: string;
  const opened: JsonlStore[] = [];
  beforeEach(() => {
    temp = tempDir();
    logs = join(temp.dir, 'home', 'logs');
    file = join(logs, 'events.jsonl');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    temp.remove();
  });
  const open = (more: Partial<JsonlStoreOptions> = {}): JsonlStore => {
    const store = openTestStore(logs, more);
    opened.push(store);
    return store;
  };
  const put = async (store: JsonlStore, stream: string, text: string, durable = false) =>
    store.append(stream, await store.headOf(stream), [note(text)], { durable, commitId: commitId() });
  const read = async (store: JsonlStore, stream: string) => (await collect(store.read(stream))).map(textOf);
  const good = async () => expect(await verifyLog(logs, coldSha256)).not.toHaveProperty('damage');
  const syncedOfLast = () => {
    const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { synced?: number }).synced;
  };

  it('is private: nobody else may read what the user typed', async () => {
    await put(open(), 'run/a', 'secret', true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(logs, '.lock')).mode & 0o777).toBe(0o600);
    for (const dir of [logs, join(temp.dir, 'home')]) expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('a reader makes nothing, not even the directory', async () => {
    expect(await open().head()).toBeNull();
    expect(existsSync(join(temp.dir, 'home'))).toBe(false);
  });

  it('appends of one moment cost one sync, and those that need none cost none', async () => {
    let syncs = 0;
    const store = open(syncingWith(() => void syncs++));
    const durable = [1, 2, 3, 4, 5].map((n) => put(store, `run/${n}`, 'x', true));
    await Promise.all(durable);
    expect(syncs).toBe(1);
    await put(store, 'run/6', 'x');
    expect(syncs).toBe(1);
    expect((await store.sync((await store.head()) as never)).seq).toBe(6);
    expect((await store.sync((await store.head()) as never)).seq).toBe(6);
    expect(syncs).toBe(2);
  });

  it('lines carry how far the log was on disk, from whichever process', async () => {
    const [a, b] = [open(), open()];
    await put(a, 'run/a', 'one');
    expect(syncedOfLast()).toBeUndefined();
    await put(a, 'run/a', 'two', true);
    await put(a, 'run/a', 'three');
    expect(syncedOfLast()).toBe(2);
    await put(b, 'run/b', 'four');
    expect(syncedOfLast()).toBe(2);
  });

  it('a mark that no line carries is in the index when the store is closed', async () => {
    const index = memoryIndex();
    const store = open({ index });
    await put(store, 'run/a', 'one', true);
    await store.close();
    expect(index.durableMark()).toBe(1);
  });

  it('ids and times never go backwards in the order of the log, whatever the clock does', async () => {
    let nowMs = 5_000_000;
    const store = open({ clock: { now: () => nowMs } });
    for (const at of [5_000_000, 5_000_000, 1_000, 6_000_000, 5_999_999]) {
      nowMs = at;
      await put(store, 'run/a', `at ${at}`);
    }
    const ids = (await collect(store.readAll(null))).map((e) => e.id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(5);
  });

  it('an index that covers half of the log, or all, or is gone, changes no answer', async () => {
    const index = memoryIndex();
    const writer = open();
    for (let n = 0; n < 40; n++) {
      await put(writer, `run/${n % 3}`, `n${n}`);
      if (n === 20) index.catchUp(writer);
    }
    const half = open({ index });
    const expected = await read(writer, 'run/1');
    expect(await read(half, 'run/1')).toEqual(expected);
    index.catchUp(half);
    expect(await read(half, 'run/1')).toEqual(expected);
    expect(await read(open({ index }), 'run/1')).toEqual(expected);
    expect(half.indexMismatch).toBe(false);
    const at = index.checkpoint();
    index.point(null);
    expect(await read(half, 'run/1')).toEqual(expected);
    expect(await read(open({ index }), 'run/1')).toEqual(expected);
    index.point(at);
    const all = (store: JsonlStore) => collect(store.readAll({ seq: 40 as never }));
    await put(half, 'run/9', 'last');
    expect((await all(half)).map(textOf)).toEqual(['last']);
  });

  it('an index of another log is not used, and the projector is told', async () => {
    const index = memoryIndex();
    const writer = open();
    for (let n = 0; n < 6; n++) await put(writer, 'run/a', `n${n}`);
    index.catchUp(writer);
    index.point({
      ...(index.checkpoint() as NonNullable<ReturnType<typeof index.checkpoint>>),
      hash: 'f'.repeat(64),
    });
    const store = open({ index });
    expect(store.indexMismatch).toBe(true);
    expect(await store.headOf('run/a')).toBe(6);
    await put(store, 'run/a', 'n6');
    expect(await read(store, 'run/a')).toHaveLength(7);
  });

  it('an index whose rows point to wrong places is found out by the lines themselves', async () => {
    const index = memoryIndex();
    const writer = open();
    for (let n = 0; n < 6; n++) await put(writer, `run/${n % 2}`, `n${n}`);
    index.catchUp(writer);
    const wrong = { ...index, offsets: (_stream: string, from: number) => index.offsets('run/1', from) };
    const store = open({ index: wrong });
    expect(await read(store, 'run/0')).toEqual(['n0', 'n2', 'n4']);
    expect(store.indexMismatch).toBe(true);
  });

  it('places given to the projector are those of the lines, and it may go on from any of them', async () => {
    const store = open();
    for (let n = 0; n < 5; n++) await put(store, 'run/a', `€${n}`);
    const bytes = readFileSync(file);
    const located = [...store.readAllWithOffsets(0)];
    for (const { event, lineOffset, endOffset } of located) {
      expect(JSON.parse(bytes.subarray(lineOffset, endOffset).toString())).toEqual(event);
    }
    expect(located.at(-1)?.endOffset).toBe(bytes.length);
    expect([...store.readAllWithOffsets(located[1]?.endOffset ?? 0, 4)].map((l) => l.event.seq)).toEqual([
      3, 4,
    ]);
  });

  it('a log longer than one chunk is read whole, from any position', async () => {
    const store = open();
    const commits = Array.from({ length: 40 }, (_, n) => ({
      stream: `run/${n % 7}`,
      expectedVersion: Math.floor(n / 7) * 5,
      events: Array.from({ length: 5 }, (_, i) => note(`${n}.${i}`.padEnd(20_000 + n * 100, '.'))),
      commitId: commitId(),
    }));
    await store.appendInOrder(commits, { durable: false });
    expect(statSync(file).size).toBeGreaterThan(4_000_000);
    const all = await collect(open().readAll(null));
    expect(all).toHaveLength(200);
    for (const after of [1, 57, 120, 199]) {
      const [first] = await collect(
        store.readAll({ seq: after as never }, { until: { seq: (after + 1) as never } }),
      );
      expect(first?.seq).toBe(after + 1);
    }
    expect(await collect(store.read('run/3'))).toEqual(all.filter((e) => e.stream === 'run/3'));
    await good();
  });

  it('a log that was replaced under an open store is noticed by readers and writers', async () => {
    const store = open();
    await put(store, 'run/a', 'one');
    copyFileSync(file, `${file}.copy`);
    await put(store, 'run/a', 'two');
    renameSync(`${file}.copy`, file);
    expect(await read(store, 'run/a')).toEqual(['one']);
    await put(store, 'run/a', 'other two');
    expect(await read(open(), 'run/a')).toEqual(['one', 'other two']);
    await good();
  });

  it('lines that were seen and then taken back are forgotten, even when others of the same length stand there', async () => {
    const [a, b] = [open(), open()];
    await put(a, 'run/a', 'one');
    const size = statSync(file).size;
    await put(a, 'run/a', 'two');
    expect(await read(b, 'run/a')).toEqual(['one', 'two']);
    truncateSync(file, size);
    await put(open(), 'run/a', 'TWO');
    expect(await read(b, 'run/a')).toEqual(['one', 'TWO']);
    await put(b, 'run/a', 'three');
    await good();
  });

  it('a log cut behind the back of its reader, below what was on disk, is refused', async () => {
    const store = open();
    await put(store, 'run/a', 'one', true);
    await put(store, 'run/a', 'two', true);
    truncateSync(file, statSync(file).size - 40);
    await expect(store.head()).rejects.toMatchObject({ exitCode: 65 });
    await expect(put(store, 'run/b', 'x')).rejects.toMatchObject({ exitCode: 65 });
  });

  it('a writer says what it set aside, and adds a missing newline instead of cutting', async () => {
    await put(open(), 'run/a', 'one');
    const notices: string[] = [];
    appendFileSync(file, '{"seq":2,"id":"01');
    await put(open({ onNotice: (text) => notices.push(text) }), 'run/a', 'two');
    expect(notices).toEqual([expect.stringContaining('set aside 17 bytes')]);
    expect(readdirSync(join(logs, 'torn'))).toHaveLength(1);
    truncateSync(file, statSync(file).size - 1);
    const late = open({ onNotice: (text) => notices.push(text) });
    expect(await read(late, 'run/a')).toEqual(['one', 'two']);
    expect([...late.readAllWithOffsets(0)].at(-1)?.endOffset).toBe(statSync(file).size + 1);
    await put(late, 'run/a', 'three');
    expect(notices).toHaveLength(2);
    expect(await read(late, 'run/a')).toEqual(['one', 'two', 'three']);
    await good();
  });

  it('a full disk (here: a file size limit) refuses with 74, keeps what was acknowledged, and goes on later', async () => {
    const script = `ulimit -f 40; exec "${process.execPath}" "${appendChild}" "${logs}"`;
    const run = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    const result = JSON.parse(run.stdout) as { acknowledged: number };
    expect(result).toMatchObject({
      code: 'io',
      exitCode: 74,
      typed: true,
      where: file,
      hint: expect.any(String),
    });
    expect(result.acknowledged).toBeGreaterThan(5);
    expect(existsSync(join(logs, 'torn'))).toBe(false);
    expect(await open().headOf('run/a')).toBe(result.acknowledged * 2);
    await put(open(), 'run/a', 'room again');
    await good();
  });

  it('a home that may only be read is read, and refuses a writer with 74 and a way out', async () => {
    await put(open(), 'run/a', 'one');
    for (const path of [temp.dir, join(temp.dir, 'home'), logs]) chmodSync(path, 0o755);
    for (const path of [logs, join(temp.dir, 'home')]) chmodSync(path, 0o555);
    for (const path of [file, join(logs, '.lock')]) chmodSync(path, 0o444);
    const run = spawnSync(process.execPath, [appendChild, logs, 'nobody'], { encoding: 'utf8' });
    const refused = {
      acknowledged: 0,
      code: 'home-not-writable',
      exitCode: 74,
      hint: expect.stringContaining('--home'),
    };
    expect(JSON.parse(run.stdout)).toMatchObject(refused);
    const fresh = spawnSync(process.execPath, [appendChild, join(logs, 'new', 'logs'), 'nobody'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(fresh.stdout)).toMatchObject(refused);
    chmodSync(join(temp.dir, 'home'), 0o755);
    chmodSync(logs, 0o755);
  });

  describe('when a sync fails', () => {
    const failing = () => {
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    };
    const failOnce = async () => {
      const store = open();
      await put(store, 'run/a', 'on disk', true);
      await put(store, 'run/a', 'carries the mark');
      await expect(put(open(syncingWith(failing)), 'run/a', 'not acknowledged', true)).rejects.toMatchObject({
        code: 'sync-failed',
        exitCode: 74,
        hint: expect.stringContaining('wf doctor --fix'),
      });
    };

    it('every writer refuses, also in other processes, and nothing is retried', async () => {
      await failOnce();
      const firstLine = readFileSync(file).indexOf('\n') + 1;
      expect(JSON.parse(readFileSync(join(logs, 'SYNC_FAILED'), 'utf8'))).toEqual({
        offset: firstLine,
        durableSeq: 1,
      });
      await expect(put(open(), 'run/b', 'x')).rejects.toMatchObject({ code: 'sync-failed' });
      const run = spawnSync(process.execPath, [appendChild, logs], { encoding: 'utf8' });
      expect(JSON.parse(run.stdout)).toMatchObject({ acknowledged: 0, code: 'sync-failed', exitCode: 74 });
      const reader = open();
      expect(await read(reader, 'run/a')).toHaveLength(3);
      await expect(reader.sync((await reader.head()) as never)).rejects.toMatchObject({
        code: 'sync-failed',
      });
    });

    it('the repair writes what can be read into a new file, sets the rest aside, and lets writers on', async () => {
      const reader = open();
      await failOnce();
      expect(await read(reader, 'run/a')).toHaveLength(3);
      appendFileSync(file, 'torn');
      const before = statSync(file).ino;
      const repaired = await repairSyncFailure(logs, systemEnv);
      expect(repaired).toEqual({ durableSeq: 1, eventsKept: 2, bytesSetAside: 4 });
      expect(statSync(file).ino).not.toBe(before);
      expect(existsSync(join(logs, 'SYNC_FAILED'))).toBe(false);
      await put(reader, 'run/a', 'after', true);
      expect(await read(open(), 'run/a')).toEqual([
        'on disk',
        'carries the mark',
        'not acknowledged',
        'after',
      ]);
      await good();
      expect(await repairSyncFailure(logs, systemEnv)).toBeNull();
    });

    it('the repair does not touch a log that lost what was on disk', async () => {
      await failOnce();
      const bytes = readFileSync(file);
      writeFileSync(file, Buffer.concat([Buffer.from('x'), bytes.subarray(1)]));
      await expect(repairSyncFailure(logs, systemEnv)).rejects.toMatchObject({ exitCode: 65 });
      expect(existsSync(join(logs, 'SYNC_FAILED'))).toBe(true);
    });
  });

  it('verify reports the head for who keeps it elsewhere, and a torn end apart from damage', async () => {
    mkdirSync(logs, { recursive: true });
    expect(await verifyLog(join(temp.dir, 'none'), coldSha256)).toMatchObject({ events: 0, headSeq: 0 });
    const store = open();
    for (let n = 0; n < 3; n++) await put(store, 'run/a', `n${n}`, true);
    const last = JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n')[2] ?? '') as { hash: string };
    const size = statSync(file).size;
    const whole = { events: 3, bytes: size, headSeq: 3, headHash: last.hash, erased: 0, durableSeq: 2 };
    const progress: number[] = [];
    expect(await verifyLog(logs, coldSha256, { onProgress: (p) => progress.push(p.events) })).toEqual(whole);
    expect(progress).toEqual([3]);
    appendFileSync(file, '{"se');
    expect(await verifyLog(logs, coldSha256)).toMatchObject({
      ...whole,
      torn: { line: 4, offset: size, bytes: 4 },
    });
    const { damage } = await verifyLog(logs, coldSha256, { durableMark: 4 });
    expect(damage).toMatchObject({ line: 4, offset: size });
  });
});
