/**
 * `wf log backup`: what it makes can be used as a home that knows everything the old one did, was never wrong at any
 * instant, and forgets what the old one was made to forget.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, sh, WF, type WfRunner, wfRunner } from '../support/wf.ts';

type Backup = {
  readonly seq: number;
  readonly written: number;
  readonly bytes: number;
  readonly rewritten: boolean;
  readonly before: { readonly seq: number } | null;
  readonly blobs: { readonly copied: number; readonly total: number; readonly missing: readonly string[] };
};

async function backUp(runner: WfRunner, dir: string, ...more: string[]): Promise<Backup> {
  const ended = await runner.wf(['log', 'backup', dir, ...more, '--json']);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout) as Backup;
}

/** The backup, copied to a folder of its own and used as a home. */
async function restored(runner: WfRunner, dir: string) {
  const home = runner.path(`restored-${Math.random().toString(36).slice(2)}`);
  cpSync(dir, home, { recursive: true });
  const wf = (...args: string[]) => runner.wf(['--home', home, ...args]);
  for (const args of [['log', 'verify'], ['rebuild-projections'], ['rebuild-projections', '--check']]) {
    const ended = await wf(...args);
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  }
  return { home, wf, json: async (...args: string[]) => JSON.parse((await wf(...args, '--json')).stdout) };
}

const long = sh('yes "$WF_TASK" | head -c 50000');

describe('a backup', () => {
  test('is a home: runs are there, and the same request is answered, not done again', async () => {
    const runner = wfRunner();
    runner.define({ id: 'long', execute: long });
    const { run } = await runner.json(['run', 'long', '--input', 'count']);
    const open = await runner.json(['run', 'autonomous-e2e', '--input', 'restart the server']);
    const made = await backUp(runner, runner.path('backup'));
    expect(made).toMatchObject({
      before: null,
      rewritten: false,
      blobs: { copied: 1, total: 1, missing: [] },
    });
    expect(made.written).toBe(statSync(join(runner.home, 'logs/events.jsonl')).size);
    expect(readdirSync(runner.path('backup')).sort()).toEqual([
      'backup.json',
      'blobs',
      'definitions',
      'logs',
    ]);
    expect(statSync(runner.path('backup')).mode & 0o777).toBe(0o700);
    expect(statSync(runner.path('backup/logs/events.jsonl')).mode & 0o777).toBe(0o600);

    const { home, wf, json } = await restored(runner, runner.path('backup'));
    const runs = (await json('runs')) as { items: { runId: string }[] };
    expect(runs.items.map(({ runId }) => runId).sort()).toEqual([run.runId, open.run.runId].sort());
    expect(await json('run', 'long', '--input', 'count')).toMatchObject({ answer: 'reused' });
    expect(readFileSync(join(home, `outbox/${run.runId}.md`)).length).toBeGreaterThan(50_000);
    expect((await wf('cancel', open.run.runId)).code).toBe(0);
  });

  test('adds only what is new, and says so; nothing new is nothing written', async () => {
    const runner = wfRunner();
    runner.define({ id: 'long', execute: long });
    await runner.wf(['run', 'long', '--input', 'one']);
    const first = await backUp(runner, 'backup');
    await runner.wf(['run', 'long', '--input', 'two']);
    rmSync(join(runner.home, 'definitions/long.json'));
    const second = await backUp(runner, 'backup');
    expect(second).toMatchObject({ before: { seq: first.seq }, written: second.bytes - first.bytes });
    expect(second.blobs).toEqual({ copied: 1, total: 2, missing: [] });
    expect(existsSync(runner.path('backup/definitions/long.json'))).toBe(false);
    expect(await backUp(runner, 'backup')).toMatchObject({ written: 0, seq: second.seq });
    await restored(runner, runner.path('backup'));
  });

  test('forgets what the home forgot', async () => {
    const runner = wfRunner();
    runner.define({ id: 'long', execute: long });
    await runner.wf(['run', 'long', '--input', 'Xylophonkonzert']);
    await runner.wf(['run', 'long', '--input', 'other']);
    await backUp(runner, 'backup', '--artifacts');
    const ended = await runner.wf(['runs', '--json']);
    const oldest = (JSON.parse(ended.stdout) as { items: { runId: string }[] }).items[1]?.runId as string;
    expect((await runner.wf(['erase', oldest, '--yes'])).code).toBe(0);
    expect(await backUp(runner, 'backup')).toMatchObject({ rewritten: true, blobs: { copied: 0, total: 1 } });
    const files = readdirSync(runner.path('backup'), { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(readFileSync(join(file.parentPath, file.name)).includes('Xylophonkonzert')).toBe(false);
    }
    await restored(runner, runner.path('backup'));
  });

  test('touches no folder that is not a backup of this very log', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog']);
    mkdirSync(runner.path('mine'));
    writeFileSync(runner.path('mine/letter.txt'), 'dear');
    const refused = async (dir: string, code: string): Promise<void> => {
      expect((await runner.json(['log', 'backup', dir])).error).toMatchObject({ code });
    };
    await refused('mine', 'backup-place');
    await refused(join(runner.home, 'backup'), 'backup-place');
    await refused(runner.dir, 'backup-place');
    await refused('mine/letter.txt', 'backup-place');
    expect(readdirSync(runner.path('mine'))).toEqual(['letter.txt']);

    await backUp(runner, 'backup');
    const other = ['--home', runner.path('other')];
    await runner.wf([...other, 'run', 'autonomous-e2e', '--input', 'write a blog']);
    expect((await runner.json([...other, 'log', 'backup', 'backup'])).error).toMatchObject({
      ...{ code: 'backup-of-another-log', exitCode: 4 },
    });
    // Put back from an older copy and used: the same beginning, another history.
    cpSync(runner.path('backup'), runner.path('fork'), { recursive: true });
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write two']);
    await backUp(runner, 'backup');
    const fork = ['--home', runner.path('fork')];
    await runner.wf([...fork, 'run', 'autonomous-e2e', '--input', 'write three']);
    const before = readFileSync(runner.path('backup/logs/events.jsonl'));
    const clash = await runner.json([...fork, 'log', 'backup', 'backup']);
    expect(clash.error.code).toBe('backup-of-another-log');
    expect(readFileSync(runner.path('backup/logs/events.jsonl')).equals(before)).toBe(true);
  });

  test('notices when its disk did not keep what was written, and mends it from the home', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog']);
    await backUp(runner, 'backup');
    const log = runner.path('backup/logs/events.jsonl');
    const bytes = readFileSync(log);
    bytes[2000] = (bytes[2000] as number) ^ 1;
    writeFileSync(log, bytes);
    expect(await backUp(runner, 'backup')).toMatchObject({ rewritten: true });
    await restored(runner, runner.path('backup'));
    // A home whose own log is damaged spoils no backup.
    const own = join(runner.home, 'logs/events.jsonl');
    writeFileSync(own, bytes);
    const good = readFileSync(log);
    expect((await runner.json(['log', 'backup', 'backup'])).error.code).toBe('log-corrupt');
    expect(readFileSync(log).equals(good)).toBe(true);
  });

  test('taken while four processes run it holds everything that was told before', async () => {
    const runner = wfRunner();
    runner.define({ id: 'long', execute: long });
    const told: string[] = [];
    let busy = 4;
    const worker = async (name: number): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const { code, run } = await runner.json(['run', 'long', '--input', `worker ${name} ${i}`]);
        expect(code).toBe(0);
        told.push(run.runId);
      }
      busy -= 1;
    };
    const keeper = async (): Promise<number> => {
      let made = 0;
      for (; busy > 0; made++) {
        const before = [...told];
        if (before.length === 0) {
          await new Promise((done) => setTimeout(done, 20));
          continue;
        }
        expect((await backUp(runner, 'backup')).blobs.missing).toEqual([]);
        const log = readFileSync(runner.path('backup/logs/events.jsonl'), 'utf8');
        for (const runId of before) expect(log).toContain(`"stream":"run/${runId}"`);
      }
      return made;
    };
    const [, , , , made] = await Promise.all([worker(1), worker(2), worker(3), worker(4), keeper()]);
    expect(made).toBeGreaterThan(1);
    const { json } = await restored(runner, runner.path('backup'));
    expect((await json('runs', '--limit', '100')).items.length).toBeGreaterThan(0);
  });

  test('killed before any of its writes it can be used as it is, and the next one finishes', async () => {
    const template = wfRunner();
    template.define({ id: 'long', execute: long });
    const first = await template.json(['run', 'long', '--input', 'one']);
    await backUp(template, 'backup');
    await template.wf(['run', 'long', '--input', 'two']);
    const preload = join(root, 'test/support/kill-at.cjs');
    let killed = 0;
    for (const kind of ['first', 'next'] as const) {
      let survived = false;
      for (let at = 1; !survived; at += 2) {
        const runner = wfRunner();
        cpSync(template.home, runner.home, { recursive: true });
        const dir = runner.path('backup');
        if (kind === 'next') cpSync(template.path('backup'), dir, { recursive: true });
        const argv = [process.execPath, '--require', preload, WF, 'log', 'backup', dir];
        const ended = await runner.startProgram(argv, { env: { WF_KILL_AT: String(at) } }).ended;
        survived = ended.signal === null;
        if (survived) expect(ended, ended.stderr).toMatchObject({ code: 0 });
        else killed += 1;
        if (kind === 'next') {
          const verified = await runner.wf(['--home', dir, 'log', 'verify']);
          expect(verified.code, verified.stdout).toBe(0);
          const shown = await runner.wf(['--home', dir, 'show', first.run.runId]);
          expect(shown.code, shown.stderr).toBe(0);
          // It was used as a home where it is; what that made is not the backup's.
          for (const name of ['state', 'outbox', 'tasks'])
            rmSync(join(dir, name), { recursive: true, force: true });
        }
        await backUp(runner, dir);
        expect(readFileSync(join(dir, 'logs/events.jsonl'))).toEqual(
          readFileSync(join(runner.home, 'logs/events.jsonl')),
        );
        expect(readdirSync(join(dir, 'blobs')).length).toBe(2);
      }
    }
    expect(killed).toBeGreaterThan(15);
  }, 300_000);

  test('an end that was cut off by a power cut is written again', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog']);
    await backUp(runner, 'backup');
    const log = runner.path('backup/logs/events.jsonl');
    const whole = readFileSync(log);
    truncateSync(log, whole.length - 100);
    await backUp(runner, 'backup');
    expect(readFileSync(log).equals(whole)).toBe(true);
    writeFileSync(log, Buffer.concat([whole.subarray(0, whole.length - 300), Buffer.alloc(300)]));
    await backUp(runner, 'backup');
    expect(readFileSync(log).equals(whole)).toBe(true);
  });
});
