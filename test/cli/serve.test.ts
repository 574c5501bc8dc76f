/**
 * `wf serve` as real processes. The world that cannot be had in a test is time: a schedule's first look is written into
 * the log as if a server had made it some minutes ago, by the program's own log; everything after that is real.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MINUTELY as MINUTE, seenMinutesAgo } from '../support/seen-schedule.ts';
import { expectHealthy, type Started, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const startedSlots = (runner: WfRunner): readonly string[] =>
  runner
    .log()
    .filter(({ type }) => type === 'RunStarted')
    .map(({ data }) => String((data.slot as { time?: string } | undefined)?.time));

const serving = (runner: WfRunner): Started => runner.start(['serve', '--no-web']);

/** Ends it as an init system does. */
async function stop(server: Started): Promise<void> {
  server.child.kill('SIGTERM');
  const { code, stderr } = await server.ended;
  expect(code, stderr).toBe(0);
}

describe('serve --once', () => {
  test('does what is due, once, and says what became of the rest', async () => {
    const runner = wfRunner();
    runner.define({ id: 'work', execute: sh('echo "$WF_TASK" >> "$HOME/done"'), schedules: [MINUTE] });
    await seenMinutesAgo(runner.home, 'work', 4);
    const { code, stdout } = await runner.wf(['serve', '--once', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'wf.serve/1', once: true, started: 1 });
    expect(runner.lines('done')).toHaveLength(1);
    expect(runner.lines('done')[0]).toMatch(/^work of \d{4}-\d\d-\d\d$/);
    const skipped = runner.log().find(({ type }) => type === 'ScheduleSlotSkipped');
    expect(skipped?.data).toMatchObject({ reason: 'superseded', scheduleId: 'minutely' });
    const listed = await runner.wf(['schedules']);
    expect(listed.stdout).toContain('completed');
    expect(listed.stdout).toContain('No server is alive');
    const why = await runner.wf(['why', '--not', '2h']);
    expect(why.stdout).toContain('superseded');
    await expectHealthy(runner);
  });

  test('several at the same moment do it once', async () => {
    const runner = wfRunner();
    const all = { ...MINUTE, catchUp: 'all' };
    runner.define({
      id: 'work',
      execute: sh('echo "$WF_IDEMPOTENCY_KEY" >> "$HOME/done"'),
      schedules: [all],
    });
    await seenMinutesAgo(runner.home, 'work', 5);
    const ended = await Promise.all(Array.from({ length: 3 }, () => runner.wf(['serve', '--once'])));
    for (const { code, stderr } of ended) expect(code, stderr).toBe(0);
    // One that came while another was at work leaves the rest to it; the last word has whoever comes next.
    await runner.wf(['serve', '--once']);
    const done = runner.lines('done');
    expect(done.length).toBeGreaterThanOrEqual(4);
    expect(new Set(done).size).toBe(done.length);
    expect(new Set(startedSlots(runner)).size).toBe(startedSlots(runner).length);
    await expectHealthy(runner);
  });
});

describe('a server', () => {
  test('killed in the middle of a slot: the next one goes on with that very run', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'work',
      execute: {
        ...sh(
          'echo "$WF_EFFECT_KEY" >> "$HOME/begun"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo x >> "$HOME/done"',
        ),
        idempotent: true,
      },
      schedules: [MINUTE],
    });
    await seenMinutesAgo(runner.home, 'work', 1);
    const first = serving(runner);
    await until(() => runner.lines('begun').length === 1);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = serving(runner);
    await until(() => second.seen().stdout.includes('still working'));
    writeFileSync(runner.path('go'), '');
    await until(() => runner.types().includes('RunCompleted'));
    await stop(second);
    const slots = startedSlots(runner);
    expect(new Set(slots).size).toBe(slots.length);
    expect(new Set(runner.lines('begun').slice(0, 2)).size).toBe(1);
    await expectHealthy(runner);
  }, 120_000);

  test('goes on with a run whose process was killed while it waited for its next attempt', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'again',
      execute: {
        ...sh('echo try >> "$HOME/tries"; [ -e "$HOME/go" ] || exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 3, backoff: '1s' },
      },
    });
    const run = runner.start(['run', 'again', '--input', 'x']);
    await until(() => runner.types().includes('EffectFailed'));
    run.child.kill('SIGKILL');
    await run.ended;
    writeFileSync(runner.path('go'), '');
    const server = serving(runner);
    await until(() => runner.types().includes('RunCompleted'));
    await stop(server);
    expect(runner.types().filter((type) => type === 'RunResumed')).toHaveLength(1);
    await expectHealthy(runner);
  });

  test('notes that nobody answered in time, and takes up an answer that nobody waited for', async () => {
    const runner = wfRunner();
    const asked = { at: 'execute', expiresIn: '1s', onExpire: 'cancel' };
    runner.define({ id: 'ask', execute: sh('exit 0'), approval: [asked] });
    runner.define({ id: 'hand', execute: { dispatcher: 'manual' } });
    const server = serving(runner);
    await until(() => server.seen().stdout.includes('serving'));
    await runner.json(['run', 'ask', '--input', 'x']);
    await until(() => runner.types().includes('RunCancelled'));
    const { run } = await runner.json(['run', 'hand', '--input', 'x']);
    await runner.wf(['report', run.runId, '--status', 'ok', '--text', 'done', '--detach']);
    await until(() => runner.types(run.runId).includes('RunCompleted'));
    await stop(server);
    await expectHealthy(runner);
  });

  test('stops where it is told to, and leaves a run that the next one goes on with', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'work',
      execute: {
        steps: [
          { id: 'one', ...sh('echo one >> "$HOME/did"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done') },
          { id: 'two', ...sh('echo two >> "$HOME/did"') },
        ],
      },
      schedules: [MINUTE],
    });
    await seenMinutesAgo(runner.home, 'work', 1);
    const server = serving(runner);
    await until(() => runner.lines('did').length === 1);
    server.child.kill('SIGTERM');
    await until(() => server.seen().stderr.includes('stopping'));
    writeFileSync(runner.path('go'), '');
    expect((await server.ended).code).toBe(0);
    expect(runner.lines('did')).toEqual(['one']);
    expect((await runner.wf(['serve', '--once'])).code).toBe(0);
    expect(runner.lines('did').slice(0, 2)).toEqual(['one', 'two']);
    await expectHealthy(runner);
  });

  test('does nothing while everything is paused, and what waited when it is over', async () => {
    const runner = wfRunner();
    runner.define({ id: 'work', execute: sh('echo x >> "$HOME/done"'), schedules: [MINUTE] });
    await seenMinutesAgo(runner.home, 'work', 2);
    await runner.wf(['pause', 'work']);
    const server = serving(runner);
    await until(() => server.seen().stdout.includes('serving'));
    await runner.wf(['serve', '--once']);
    expect(runner.types()).not.toContain('RunStarted');
    await runner.wf(['pause', '--off', 'work']);
    await until(() => runner.lines('done').length >= 1);
    await stop(server);
  });

  test('is seen by others: run --detach and doctor say when there is none', async () => {
    const runner = wfRunner();
    runner.define({ id: 'work', execute: sh('exit 0'), schedules: [{ ...MINUTE, cron: '0 0 1 1 *' }] });
    const alone = await runner.wf(['run', 'work', '--input', 'a', '--detach']);
    expect(alone.stderr).toContain('no server is alive');
    expect((await runner.wf(['doctor'])).stdout).toContain('no server has ever looked');
    const server = serving(runner);
    await until(
      () =>
        existsSync(join(runner.home, 'run/server.lock')) && server.seen().stdout.includes('counts from now'),
    );
    expect((await runner.wf(['run', 'work', '--input', 'b', '--detach'])).stderr).not.toContain('no server');
    expect((await runner.wf(['doctor'])).stdout).toContain('a server is alive');
    expect((await runner.wf(['schedules'])).stdout).toContain('A server carries them out');
    server.child.kill('SIGKILL');
    await server.ended;
    expect((await runner.wf(['schedules'])).stdout).toContain('No server is alive (the last looked');
  });

  test('without --no-web says that there is no web screen, and starts nothing', async () => {
    const runner = wfRunner();
    const { code, stderr } = await runner.wf(['serve']);
    expect(code).toBe(2);
    expect(stderr).toContain('--no-web');
    expect(existsSync(runner.home)).toBe(false);
  });
});
