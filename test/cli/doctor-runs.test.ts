/** Runs that stand still, told with what to do: each state made by real processes, and by the clock of a fixture log. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DAY_MS, doctor, eventsOf, MINUTE_MS, shiftTime, writeLog } from '../support/doctor.ts';
import { type Started, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const refold = async (runner: WfRunner) => expect((await runner.wf(['runs'])).code).toBe(0);
const begun = (runner: WfRunner) => until(() => runner.lines('began').length > 0);
const WAITS = 'echo go >> "$HOME/began"; while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.05; done';

async function working(): Promise<{ runner: WfRunner; started: Started }> {
  const runner = wfRunner();
  runner.define({ id: 'slow', execute: { ...sh(WAITS), idempotent: true } });
  const started = runner.start(['run', 'slow', '--input', 'x']);
  await begun(runner);
  return { runner, started };
}
/** It only waits for its child: it has no lock, and nothing left to record. */
const isAtRest = ({ child }: Started): boolean =>
  / S /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')) &&
  !readFileSync('/proc/locks', 'utf8').includes(` WRITE ${child.pid} `);
const letGo = (runner: WfRunner): void => writeFileSync(runner.path('go'), '');

test('a killed process whose child works on: the child is named too; once both are done, nothing is', async () => {
  const { runner, started } = await working();
  expect((await doctor(runner)).wrong).toEqual([]);
  started.child.kill('SIGKILL');
  await started.ended;
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('run-orphaned')?.message).toMatch(/what it had started \(process \d+\) still works/);
  expect(find('run-orphaned')?.why).toContain('Nobody works on it any more');
  letGo(runner);
  const again = /wf (resume \S+)/.exec(find('run-orphaned')?.fix ?? '')?.[1]?.split(' ') ?? [];
  // Still working until its child has seen that it may end.
  let code6: number | null = 6;
  while (code6 === 6) code6 = (await runner.wf(again)).code;
  expect(code6).toBe(0);
  expect((await doctor(runner, ['--fix'])).code).toBe(0);
  expect((await doctor(runner)).wrong).toEqual([]);
});

test('a stopped process is named with the command that lets it go on', async () => {
  const { runner, started } = await working();
  await until(() => isAtRest(started));
  started.child.kill('SIGSTOP');
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('run-stopped')?.fix).toContain(`kill -CONT ${started.child.pid}`);
  started.child.kill('SIGCONT');
  letGo(runner);
  expect((await started.ended).code).toBe(0);
  expect((await doctor(runner)).wrong).toEqual([]);
});

describe('by the clock', () => {
  test('a step that has been at work for days is told with its process', async () => {
    const { runner, started } = await working();
    started.child.kill('SIGSTOP');
    shiftTime(runner, -2 * DAY_MS);
    await refold(runner);
    // Its engine is alive and was stopped while the log was made older; both go on.
    started.child.kill('SIGCONT');
    const { find } = await doctor(runner);
    expect(find('child-long')?.message).toMatch(
      /step main of run \S+ of slow has been at work for 2 days \(process \d+\)/,
    );
    started.child.kill('SIGKILL');
    letGo(runner);
    await started.ended;
  });

  test('a wait of more than a week is told', async () => {
    const runner = wfRunner();
    expect((await runner.wf(['run', 'autonomous-e2e', '--input', 'restart the server'])).code).toBe(6);
    expect((await doctor(runner)).wrong).toEqual([]);
    shiftTime(runner, -8 * DAY_MS);
    await refold(runner);
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('run-waits-long')?.message).toContain('has waited 8 days (approval)');
    const cancel = /wf (cancel \S+)/.exec(find('run-waits-long')?.fix ?? '')?.[1]?.split(' ') ?? [];
    expect((await runner.wf(cancel)).code).toBe(0);
    expect((await doctor(runner)).wrong).toEqual([]);
  });

  test('a run that may go on, and that nobody took, is told after a while and not before', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'restart the server']);
    // Killed after the person's answer was recorded, and before it leased the run.
    const asked = eventsOf(runner);
    const request = asked.find(({ type }) => type === 'ApprovalRequested');
    const last = asked.at(-1);
    if (request === undefined || last === undefined) throw new Error('no approval was asked for');
    const { approvalId, binding } = request.data as { approvalId: string; binding: string };
    const streamVersion =
      Math.max(...asked.filter((e) => e.stream === request.stream).map((e) => e.streamVersion)) + 1;
    const { batch: _batch, synced: _synced, meta: _meta, ...rest } = last;
    writeLog(runner, [
      ...asked,
      {
        ...rest,
        stream: request.stream,
        streamVersion,
        type: 'ApprovalGranted',
        data: { approvalId, binding, by: 'me', via: 'terminal' },
      },
    ]);
    await refold(runner);
    expect((await doctor(runner)).find('run-unowned')).toBeUndefined();
    shiftTime(runner, -10 * MINUTE_MS);
    await refold(runner);
    const { find } = await doctor(runner);
    expect(find('run-unowned')).toMatchObject({
      severity: 'warning',
      fix: expect.stringMatching(/wf resume \S+/),
    });
  });

  test('work that was reported, and that nobody went on with, is told until somebody does', async () => {
    const runner = wfRunner();
    const { run } = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const taskId = run.tasks[0]?.taskId ?? '';
    await runner.json(['report', taskId, '--text', 'done', '--detach']);
    shiftTime(runner, -10 * MINUTE_MS);
    await refold(runner);
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('run-unowned')?.message).toContain('may go on');
    const resume = /wf (resume \S+)/.exec(find('run-unowned')?.fix ?? '')?.[1]?.split(' ') ?? [];
    expect((await runner.wf(resume)).code).toBe(0);
    expect((await doctor(runner)).wrong).toEqual([]);
  });

  test('an approval that was not given in time is told until somebody looks at the run', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'gated',
      execute: sh('true'),
      approval: [{ at: 'execute', expiresIn: '10m', onExpire: 'skip' }],
    });
    expect((await runner.wf(['run', 'gated', '--input', 'x'])).code).toBe(6);
    expect((await doctor(runner)).wrong).toEqual([]);
    shiftTime(runner, -20 * MINUTE_MS);
    await refold(runner);
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('approval-expired')).toMatchObject({ severity: 'warning' });
    const resume = /wf (resume \S+)/.exec(find('approval-expired')?.fix ?? '')?.[1]?.split(' ') ?? [];
    await runner.wf(resume);
    expect(runner.types()).toContain('ApprovalExpired');
    expect((await doctor(runner)).wrong).toEqual([]);
  });

  test('a retry that was due long ago, and whose process lives, is told', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'retries',
      execute: {
        ...sh('echo go >> "$HOME/began"; exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 3, backoff: '10m' },
      },
    });
    const started = runner.start(['run', 'retries', '--input', 'x']);
    await until(() => runner.types().includes('EffectFailed'));
    expect((await doctor(runner)).wrong).toEqual([]);
    shiftTime(runner, -60 * MINUTE_MS);
    await refold(runner);
    const { find } = await doctor(runner);
    expect(find('run-overdue')?.message).toContain(`process ${started.child.pid} has not begun it`);
    started.child.kill('SIGKILL');
    await started.ended;
  });
});
