/** What doctor finds in the log and beside it: each in a real home in that state, explained, and mended where safe. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { DAY_MS, doctor, eventsOf, logOf, MINUTE_MS, shiftTime, writeLog } from '../support/doctor.ts';
import { sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const finished = async (inputs: readonly string[] = ['x']): Promise<WfRunner> => {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: { command: '/bin/true' } });
  for (const input of inputs) expect((await runner.wf(['run', 'quick', '--input', input])).code).toBe(0);
  return runner;
};

const readlink = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

/** The next command makes projections of a log that was written anew. */
const refold = async (runner: WfRunner) => expect((await runner.wf(['runs'])).code).toBe(0);

test('every finding that is not in order says why it matters and what to do next', async () => {
  const runner = await finished();
  appendFileSync(logOf(runner), '{"seq":');
  const { find } = await doctor(runner);
  const torn = find('torn-tail');
  expect(torn).toMatchObject({ severity: 'warning', where: expect.stringMatching(/line \d+, byte \d+$/) });
  expect(torn?.why).toContain('nothing is lost');
  expect(torn?.fix).toContain('the next write');
  const screen = (await runner.wf(['doctor'])).stdout;
  for (const word of ['at    ', 'why   ', 'next  ']) expect(screen).toContain(word);
});

describe('events that this version does not make', () => {
  test('of a newer version are named, and nothing is folded or mended over them', async () => {
    const runner = await finished();
    const [first, ...rest] = eventsOf(runner);
    if (first === undefined) throw new Error('no events');
    writeLog(runner, [
      first,
      { ...first, type: 'FromTomorrow', schemaVersion: 3, streamVersion: 2 },
      ...rest,
    ]);
    const before = readFileSync(logOf(runner), 'utf8');
    for (const args of [[], ['--fix']]) {
      const { code, find } = await doctor(runner, args);
      expect(code).toBe(1);
      expect(find('foreign-events')?.message).toContain('seq 2 FromTomorrow version 3');
      expect(find('foreign-events')?.fix).toContain('Install the newer version');
      expect(find('log')?.severity).toBe('ok');
      expect(find('history')).toBeUndefined();
    }
    expect(readFileSync(logOf(runner), 'utf8')).toBe(before);
  });

  test('lines that no writer leaves are told although their hashes are right', async () => {
    const runner = await finished();
    const events = eventsOf(runner);
    writeLog(
      runner,
      events.map((event) => (event.type === 'RunLeased' ? { ...event, streamVersion: 9 } : event)),
    );
    const { code, find } = await doctor(runner);
    expect(code).toBe(1);
    expect(find('odd-events')?.message).toMatch(/version 9 of run\/\S+ follows version 1/);

    const misplaced = await finished();
    writeLog(
      misplaced,
      eventsOf(misplaced).map((event) =>
        event.type === 'DefinitionRegistered' ? { ...event, stream: 'key/x' } : event,
      ),
    );
    expect((await doctor(misplaced)).find('odd-events')?.message).toContain(
      'DefinitionRegistered stands in stream key/x',
    );
  });

  test('data that is not as its schema says is found by a deep look', async () => {
    const runner = await finished();
    writeLog(
      runner,
      eventsOf(runner).map((event) =>
        event.type === 'KeyClaimed' ? { ...event, data: { ...event.data, extra: 1 } } : event,
      ),
    );
    await refold(runner);
    expect((await doctor(runner)).find('odd-events')).toBeUndefined();
    expect((await doctor(runner, ['--deep'])).find('odd-events')?.message).toContain('KeyClaimed');
  });
});

describe('clocks', () => {
  test('a step back between two events is told, with both times', async () => {
    const runner = await finished(['x', 'y']);
    const half = Math.floor(eventsOf(runner).length / 2);
    shiftTime(runner, -10 * MINUTE_MS, half);
    await refold(runner);
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('clock-back')).toMatchObject({
      severity: 'warning',
      where: expect.stringContaining(`line ${half}`),
    });
    expect(find('clock-back')?.message).toMatch(/from \d{4}-\S+Z to \d{4}-\S+Z/);
  });

  test('events of a time to come are told', async () => {
    const runner = await finished();
    shiftTime(runner, DAY_MS);
    await refold(runner);
    expect((await doctor(runner)).find('clock-ahead')?.message).toContain('yet to come');
  });
});

test('a key that was claimed and whose run was never begun is told with what to do, until it is done', async () => {
  const runner = await finished();
  // As a power cut leaves it: the claim was on disk, what followed was not.
  const events = eventsOf(runner);
  writeLog(runner, events.slice(0, events.findIndex(({ type }) => type === 'KeyClaimed') + 1));
  for (const dir of ['state', 'outbox']) rmSync(join(runner.home, dir), { recursive: true });
  expect((await doctor(runner)).find('claim-pending')).toBeUndefined();
  shiftTime(runner, -5 * MINUTE_MS);
  const { code, find } = await doctor(runner);
  expect(code).toBe(0);
  expect(find('claim-pending')?.message).toContain('quick');
  expect(find('claim-pending')?.fix).toContain('wf run quick');
  expect((await runner.wf(['run', 'quick', '--input', 'x'])).code).toBe(0);
  expect((await doctor(runner)).wrong).toEqual([]);
});

test('a long value whose file is gone, or another, is told with the run it belongs to', async () => {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: { command: '/bin/true' } });
  await runner.wf(['run', 'quick', '--input', 'y'.repeat(40_000)]);
  const blobs = join(runner.home, 'blobs');
  const [name = ''] = readdirSync(blobs);
  const bytes = readFileSync(join(blobs, name));
  expect((await doctor(runner, ['--deep'])).wrong).toEqual([]);

  writeFileSync(join(blobs, name), Buffer.concat([Buffer.from('z'), bytes.subarray(1)]));
  expect((await doctor(runner)).find('blob-missing')).toBeUndefined();
  expect((await doctor(runner, ['--deep'])).find('blob-missing')).toMatchObject({ severity: 'problem' });

  rmSync(join(blobs, name));
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('blob-missing')?.message).toMatch(new RegExp(`blobs/${name} of run/\\S+ is missing`));
  expect(find('blob-missing')?.fix).toContain('backup');
  writeFileSync(join(blobs, name), bytes, { mode: 0o600 });
  expect((await doctor(runner)).wrong).toEqual([]);
});

describe('the index', () => {
  const file = (runner: WfRunner): string => join(runner.home, 'state/index.db');
  const removed = (runner: WfRunner): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file(runner) + suffix, { force: true });
  };
  const change = (runner: WfRunner, sql: string): void => {
    const db = new DatabaseSync(file(runner));
    db.exec(sql);
    db.close();
  };
  const mendedBy = async (runner: WfRunner, id: string): Promise<void> => {
    const before = statSync(logOf(runner)).size;
    const found = await doctor(runner);
    expect(found.find(id), JSON.stringify(found.findings)).toBeDefined();
    expect(found.find(id)?.fix).toContain('wf doctor --fix');
    expect((await doctor(runner)).find(id), 'looking mends nothing').toBeDefined();
    const mended = await doctor(runner, ['--fix']);
    expect(mended.find(id)?.fixed).toMatch(/rebuilt from \d+ events/);
    expect((await doctor(runner, ['--deep'])).wrong).toEqual([]);
    expect(statSync(logOf(runner)).size).toBe(before);
  };

  test('that is missing is made', async () => {
    const runner = await finished();
    removed(runner);
    await mendedBy(runner, 'index-missing');
  });

  test('that is damaged in its middle is made anew', async () => {
    const runner = await finished(['x', 'y', 'z']);
    change(runner, 'PRAGMA wal_checkpoint(TRUNCATE)');
    const fd = openSync(file(runner), 'r+');
    writeSync(fd, Buffer.alloc(4096, 0x5a), 0, 4096, 8192);
    closeSync(fd);
    await mendedBy(runner, 'index-damaged');
  });

  test('of another version is made anew', async () => {
    const runner = await finished();
    change(runner, 'PRAGMA user_version = 77');
    await mendedBy(runner, 'index-version');
  });

  test('of another log is made anew', async () => {
    // As long as the other's, so that nothing seems to be missing.
    const runner = await finished(['x', 'y']);
    const other = await finished(['something else']);
    change(other, 'PRAGMA wal_checkpoint(TRUNCATE)');
    removed(runner);
    copyFileSync(file(other), file(runner));
    await mendedBy(runner, 'index-stale');
  });

  test('that fell behind catches up', async () => {
    const runner = await finished();
    const [registered] = eventsOf(runner);
    if (registered === undefined) throw new Error('no events');
    await refold(runner);
    // What only the log has, for nobody has looked since.
    appendEvents(
      runner,
      Array.from({ length: 1_200 }, () => ({
        ...registered,
        type: 'FeedbackSubmitted',
        stream: 'workflow/q',
      })),
    );
    const found = await doctor(runner);
    expect(found.find('index-behind')?.message).toContain('events behind');
  });
});

/** Appends with right hashes and versions, as a writer does that dies before it projects. */
function appendEvents(runner: WfRunner, more: ReturnType<typeof eventsOf>): void {
  const index = join(runner.home, 'state/index.db');
  const saved = ['', '-wal', '-shm'].flatMap((suffix) =>
    existsSync(index + suffix) ? [[suffix, readFileSync(index + suffix)] as const] : [],
  );
  const events = eventsOf(runner);
  const versions = new Map(events.map(({ stream, streamVersion }) => [stream, streamVersion]));
  const last = events.at(-1);
  for (const event of more) {
    const streamVersion = (versions.get(event.stream) ?? 0) + 1;
    versions.set(event.stream, streamVersion);
    const { synced: _synced, batch: _batch, ...rest } = event;
    events.push({ ...rest, streamVersion, ts: last?.ts ?? event.ts, id: last?.id ?? event.id });
  }
  writeLog(runner, events);
  for (const [suffix, bytes] of saved) writeFileSync(index + suffix, bytes, { mode: 0o600 });
}

describe('sizes', () => {
  test('a log above 1 GiB is told of', async () => {
    const runner = await finished();
    // Sparse: an unfinished write of zeros, as some file systems leave after a power cut.
    truncateSync(logOf(runner), 1024 ** 3 + 10);
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('log-size')?.message).toBe('the log has 1.0 GiB');
    expect(find('torn-tail')).toMatchObject({ severity: 'warning' });
  });

  test('a long look ends at Ctrl-C, and has changed nothing', async () => {
    const runner = await finished();
    truncateSync(logOf(runner), 1024 ** 3);
    const before = statSync(logOf(runner));
    const { child, ended } = runner.start(['doctor']);
    const reads = (): boolean =>
      readdirSync(`/proc/${child.pid}/fd`).some(
        (fd) => readlink(`/proc/${child.pid}/fd/${fd}`) === logOf(runner),
      );
    await until(() => child.exitCode !== null || reads());
    child.kill('SIGINT');
    expect((await ended).signal).toBe('SIGINT');
    expect(statSync(logOf(runner))).toMatchObject({
      ino: before.ino,
      size: before.size,
      mtimeMs: before.mtimeMs,
    });
  });

  test('artifacts of very many runs are told of', async () => {
    const runner = await finished();
    for (let n = 0; n <= 10_000; n++) mkdirSync(join(runner.home, `artifacts/r${n}`), { recursive: true });
    expect((await doctor(runner)).find('artifacts-size')?.message).toMatch(/of 1000\d runs/);
  });
});

describe('temporary files', () => {
  test('of a process that is gone are removed; those of one that lives stay', async () => {
    const runner = await finished();
    const gone = runner.startProgram(['/bin/true']);
    const { pid = 0 } = gone.child;
    await gone.ended;
    const dead = join(runner.home, `state/runs/.x.json.${pid}.tmp`);
    const blob = join(runner.home, `blobs/.${'a'.repeat(64)}.${pid}.tmp`);
    const mine = join(runner.home, `outbox/.x.md.${process.pid}.tmp`);
    const edit = join(runner.home, 'definitions/.quick.json.0123456789ab.tmp');
    mkdirSync(join(runner.home, 'blobs'), { recursive: true, mode: 0o700 });
    for (const path of [dead, blob, mine, edit]) writeFileSync(path, '', { mode: 0o600 });
    expect((await doctor(runner)).find('temp-files')?.message).toContain('2 temporary files');
    const fixed = await doctor(runner, ['--fix']);
    expect(fixed.find('temp-files')?.fixed).toBe('removed 2 files');
    expect([dead, blob, mine, edit].map((path) => existsSync(path))).toEqual([false, false, true, true]);
    expect((await doctor(runner)).find('temp-files')).toBeUndefined();
  });
});

test('a process that has the lock and is stopped is named; when it goes on, all is well', async () => {
  const runner = await finished();
  const holder = runner.startProgram([
    process.execPath,
    '-e',
    `const { DatabaseSync } = require('node:sqlite');
     new DatabaseSync(${JSON.stringify(join(runner.home, 'logs/.lock'))}).exec('BEGIN IMMEDIATE');
     console.log('held'); setInterval(() => undefined, 1000);`,
  ]);
  await until(() => holder.seen().stdout.includes('held'));
  holder.child.kill('SIGSTOP');
  try {
    const { code, find } = await doctor(runner);
    expect(code).toBe(1);
    expect(find('lock-held')?.message).toBe(`process ${holder.child.pid} has the log’s lock and is stopped`);
    expect(find('lock-held')?.fix).toContain(`kill -CONT ${holder.child.pid}`);
  } finally {
    holder.child.kill('SIGKILL');
    await holder.ended;
  }
  expect((await doctor(runner)).wrong).toEqual([]);
});

test('a process that was stopped while it wrote the projections is named, and nobody waits for it for ever', async () => {
  const runner = await finished();
  const index = join(runner.home, 'state/index.db');
  const holder = runner.startProgram([
    process.execPath,
    '-e',
    `const { DatabaseSync } = require('node:sqlite');
     new DatabaseSync(${JSON.stringify(index)}).exec('BEGIN IMMEDIATE');
     console.log('held'); setInterval(() => undefined, 1000);`,
  ]);
  await until(() => holder.seen().stdout.includes('held'));
  try {
    const busy = await doctor(runner);
    expect(busy.find('index-held')).toMatchObject({ severity: 'warning' });
    holder.child.kill('SIGSTOP');
    const { code, find } = await doctor(runner);
    expect(code).toBe(1);
    expect(find('index-held')?.message).toBe(
      `process ${holder.child.pid} was writing the projections and is stopped`,
    );
  } finally {
    holder.child.kill('SIGKILL');
    await holder.ended;
  }
  expect((await doctor(runner)).wrong).toEqual([]);
});

test('a lock that is no lock is told', async () => {
  const runner = await finished();
  writeFileSync(join(runner.home, 'logs/.lock'), 'x'.repeat(5000));
  expect((await doctor(runner)).find('lock-file')?.fix).toContain('remove this file');
  rmSync(join(runner.home, 'logs/.lock'));
  expect((await doctor(runner)).wrong).toEqual([]);
});

test('a summary that is gone, and a file that nobody of ours wrote, are found without a deep look', async () => {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: { ...sh('true') } });
  const { run } = await runner.json(['run', 'quick', '--input', 'x']);
  rmSync(join(runner.home, `outbox/${run.runId}.md`));
  writeFileSync(join(runner.home, 'state/runs/stranger.json'), '{}', { mode: 0o600 });
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('projections')?.message).toContain(`outbox/${run.runId}.md is missing`);
  expect(find('projections')?.message).toContain('state/runs/stranger.json is unexpected');
  const fixed = await doctor(runner, ['--fix']);
  expect(fixed.find('projections')?.fixed).toContain('1 foreign files moved');
  const after = await doctor(runner);
  expect(after.wrong).toEqual(['foreign-files']);
  rmSync(join(runner.home, 'state/foreign'), { recursive: true });
  expect((await doctor(runner, ['--deep'])).wrong).toEqual([]);
});
