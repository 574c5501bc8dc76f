/** Several processes at once on one home: work for a key is done once, and nobody loses a line. */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectHealthy, type Started, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const SLOW =
  'echo begin >> "$HOME/count"; while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.02; done; echo end >> "$HOME/count"';
const letGo = (runner: WfRunner): void => writeFileSync(runner.path('go'), '');
const begun = (runner: WfRunner) => until(() => runner.lines('count').includes('begin'));

/** Waits until a process has the home's index open, and a while for the read that follows at once. */
const looksOn = async (runner: WfRunner, { child }: Started) => {
  const fds = `/proc/${child.pid}/fd`;
  const target = (fd: string): string => {
    try {
      return readlinkSync(`${fds}/${fd}`);
    } catch {
      return '';
    }
  };
  await until(() => readdirSync(fds).some((fd) => target(fd) === join(runner.home, 'state/index.db')));
  await new Promise((done) => setTimeout(done, 300));
};
const endOf = async (started: Started) => {
  const { code, stdout } = await started.ended;
  return { code, ...(JSON.parse(stdout) as object) };
};

describe('the same request from several processes', () => {
  test('is performed once: the others follow it to its end', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const first = runner.json(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const others = [
      runner.start(['run', 'slow', '--input', 'x', '--json']),
      runner.start(['run', 'slow', '--input', 'x', '--json']),
      runner.start(['resume', 'last', '--json']),
    ];
    for (const other of others) await looksOn(runner, other);
    letGo(runner);
    const end = await first;
    expect(end).toMatchObject({ code: 0, answer: 'ended', run: { status: 'completed' } });
    for (const other of others)
      expect(await endOf(other)).toMatchObject({
        code: 0,
        answer: 'followed',
        run: { runId: end.run.runId },
      });
    expect(runner.lines('count')).toEqual(['begin', 'end']);
  });

  test('started at the very same moment on a home that does not exist, is performed once', async () => {
    const runner = wfRunner();
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => runner.json(['run', 'autonomous-e2e', '--input', 'write a blog'])),
    );
    for (const one of all) expect(one).toMatchObject({ code: 0, run: { status: 'handed_off' } });
    expect(new Set(all.map((one) => one.run.runId)).size).toBe(1);
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(1);
    expect(runner.types().filter((type) => type === 'RunStarted')).toHaveLength(1);
  });

  test('with --detach returns at once with the live run', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const first = runner.json(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const live = await runner.json(['run', 'slow', '--input', 'x', '--detach']);
    expect(live).toMatchObject({ code: 0, answer: 'live', run: { status: 'running' } });
    const other = await runner.json([
      'run',
      'slow',
      '--input',
      'y',
      '--idempotency-key',
      live.run.idempotencyKey,
    ]);
    expect(other).toMatchObject({ code: 4, error: { code: 'key-other-input' } });
    expect(runner.lines('count')).toEqual(['begin']);
    letGo(runner);
    expect(await first).toMatchObject({ code: 0 });
  });

  test('Ctrl-C in one that only looks on ends the looking, not the work', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const first = runner.json(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const follower = runner.start(['run', 'slow', '--input', 'x']);
    await looksOn(runner, follower);
    follower.child.kill('SIGINT');
    const { code, stderr } = await follower.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('goes on');
    letGo(runner);
    expect(await first).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['begin', 'end']);
  });

  test('--force starts a second one beside a live one', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const first = runner.json(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const second = runner.json(['run', 'slow', '--input', 'x', '--force']);
    await until(() => runner.lines('count').length === 2);
    letGo(runner);
    expect((await first).run.runId).not.toBe((await second).run.runId);
    expect(runner.lines('count').toSorted()).toEqual(['begin', 'begin', 'end', 'end']);
  });

  test('whose owner is killed meanwhile: the follower neither hangs nor repeats what still works', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const { child, ended } = runner.start(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const follower = runner.start(['run', 'slow', '--input', 'x', '--json']);
    await looksOn(runner, follower);
    child.kill('SIGKILL');
    await ended;
    expect(await endOf(follower)).toMatchObject({ code: 6, error: { code: 'still-working' } });
    expect(runner.lines('count')).toEqual(['begin']);
    letGo(runner);
  });
});

describe('--detach', () => {
  test('returns with the run on disk, and the work goes on by itself', async () => {
    const runner = wfRunner({ homeName: `it's a home` });
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const detached = await runner.json(['run', 'slow', '--input', 'x', '--detach']);
    expect(detached).toMatchObject({ code: 0, answer: 'detached', run: { status: 'running' } });
    const record = join(runner.home, `state/runs/${detached.run.runId}.json`);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ status: 'running' });
    await begun(runner);
    letGo(runner);
    await until(() => JSON.parse(readFileSync(record, 'utf8')).status === 'completed');
    expect(runner.lines('count')).toEqual(['begin', 'end']);
  });
});

describe('different work side by side', () => {
  test('all of it is done, and every line of the log follows from the one before', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo "$WF_TASK" >> "$HOME/count"') });
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'];
    const ends = await Promise.all(tasks.map((task) => runner.json(['run', 'count', '--input', task])));
    for (const end of ends) expect(end).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count').toSorted()).toEqual(tasks);
    await expectHealthy(runner);
    for (const end of ends) expect(existsSync(end.run.summaryFile ?? '')).toBe(true);
  });

  test('of two runs that need the same tool one bootstraps it and the other waits for that', async () => {
    const runner = wfRunner();
    const tool = sh(
      'echo tool >> "$HOME/tool"; while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.02; done',
    );
    runner.define({
      id: 'tooled',
      autoConfigure: { allowlist: ['t'], toolCommands: { t: { ...tool, required: true } } },
      execute: sh('echo "$WF_TASK" >> "$HOME/count"'),
    });
    const runs = ['a', 'b'].map((task) => runner.json(['run', 'tooled', '--input', task]));
    await until(() => runner.lines('tool').length === 1);
    await until(() => runner.types().filter((type) => type === 'RunStarted').length === 2);
    expect(runner.lines('count')).toEqual([]);
    letGo(runner);
    for (const end of await Promise.all(runs)) expect(end).toMatchObject({ code: 0 });
    expect(runner.lines('tool')).toEqual(['tool']);
    expect(runner.types().filter((type) => type === 'ToolBootstrapStarted')).toHaveLength(1);
  });

  test('the same report from two processes is one report', async () => {
    const runner = wfRunner();
    const queued = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const reports = [1, 2].map(() => runner.json(['report', queued.run.runId, '--text', 'done']));
    for (const report of await Promise.all(reports))
      expect(report).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.types().filter((type) => type === 'OutcomeReported')).toHaveLength(1);
    expect(runner.types().filter((type) => type === 'RunCompleted')).toHaveLength(1);
  });
});
