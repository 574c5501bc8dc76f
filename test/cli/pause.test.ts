/**
 * `wf pause`: one event that every process obeys. Whoever sets it must be able to rely on it: nothing starts, nothing
 * begins, in whatever process, until it is lifted; and nothing that was told meanwhile is lost.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectHealthy, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const withNote = (runner: WfRunner) =>
  runner.define({ id: 'note', execute: sh('echo "$WF_TASK" >> "$HOME/done.txt"') });

describe('pause', () => {
  test('refuses every new run of every workflow, in later processes too, and says how it is lifted', async () => {
    const runner = wfRunner();
    withNote(runner);
    expect((await runner.wf(['pause', '--reason', 'moving house'], { env: { USER: 'maria' } })).code).toBe(0);
    const { code, error } = await runner.json(['run', 'note', '--input', 'one']);
    expect(code).toBe(7);
    expect(error).toMatchObject({ code: 'paused', exitCode: 7 });
    expect(error.message).toContain('everything is paused since');
    expect(error.message).toContain('by maria (moving house)');
    expect(error.hint).toContain('wf pause --off');
    expect(runner.lines('done.txt')).toEqual([]);
    const why = await runner.wf(['why', '--not', 'last']);
    expect(why.stdout).toContain('(paused)');
    expect(why.stdout).toContain('everything is paused');

    expect((await runner.wf(['pause', '--off'])).stdout).toContain('the pause is over');
    expect((await runner.json(['run', 'note', '--input', 'one'])).code).toBe(0);
    expect(runner.lines('done.txt')).toEqual(['one']);
    await expectHealthy(runner);
  });

  test('of one workflow leaves the others at work, and a pause of everything stays when it is lifted', async () => {
    const runner = wfRunner();
    withNote(runner);
    runner.define({ id: 'other', execute: sh('exit 0') });
    await runner.wf(['pause', 'note']);
    expect((await runner.json(['run', 'note', '--input', 'x'])).error.hint).toContain('wf pause --off note');
    expect((await runner.json(['run', 'other', '--input', 'x'])).code).toBe(0);
    await runner.wf(['pause']);
    expect((await runner.wf(['pause', '--off', 'note'])).stdout).toContain('But everything is paused');
    expect((await runner.json(['run', 'note', '--input', 'x'])).code).toBe(7);
    await runner.wf(['pause', '--off']);
    expect((await runner.json(['run', 'note', '--input', 'x'])).code).toBe(0);
  });

  test('still answers: a finished run is the answer, lists are shown and say that it is paused', async () => {
    const runner = wfRunner();
    withNote(runner);
    const { run } = await runner.json(['run', 'note', '--input', 'x']);
    await runner.wf(['pause']);
    expect(await runner.json(['run', 'note', '--input', 'x'])).toMatchObject({ code: 0, answer: 'reused' });
    for (const verb of ['runs', 'status'])
      expect((await runner.wf([verb])).stdout).toContain('⏸ everything is paused since');
    expect((await runner.wf(['show', run.runId])).code).toBe(0);
    const doctor = await runner.wf(['doctor']);
    expect(doctor.stdout).toContain('everything is paused');
    expect(doctor.code).toBe(0);
  });

  test('keeps a report and a yes that come meanwhile, and goes on with them once it is lifted', async () => {
    const runner = wfRunner();
    runner.define({ id: 'hand', execute: { dispatcher: 'manual' } });
    const { run } = await runner.json(['run', 'hand', '--input', 'x']);
    await runner.wf(['pause']);
    const told = await runner.json(['report', run.runId, '--status', 'ok', '--text', 'there it is']);
    expect(told).toMatchObject({ code: 0, answer: 'detached' });
    expect(told.stderr).toContain('everything is paused');
    expect(runner.types(run.runId)).toContain('OutcomeReported');
    expect(runner.types(run.runId)).not.toContain('RunCompleted');
    await runner.wf(['pause', '--off']);
    expect(await runner.json(['run', 'hand', '--input', 'x'])).toMatchObject({ code: 0 });
    expect(runner.types(run.runId)).toContain('RunCompleted');
  });

  test('lets the step at work end and begins no further one; resumed, what is done is not done again', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'two',
      execute: {
        steps: [
          { id: 'first', ...sh('echo first >> "$HOME/did"; while [ ! -e "$HOME/go" ]; do sleep 0.02; done') },
          { id: 'second', ...sh('echo second >> "$HOME/did"') },
        ],
      },
    });
    const running = runner.start(['run', 'two', '--input', 'x', '--json']);
    await until(() => runner.lines('did').length === 1);
    const paused = await runner.wf(['pause', 'two']);
    expect(paused.stdout).toContain('it stops before its next step');
    writeFileSync(runner.path('go'), '');
    const ended = await running.ended;
    expect(ended.code, ended.stdout).toBe(7);
    expect(runner.lines('did')).toEqual(['first']);
    expect(runner.types().filter((type) => type === 'EffectConfirmed')).toHaveLength(1);
    const resumed = await runner.json(['resume', 'last']);
    expect(resumed.error).toMatchObject({ code: 'paused', exitCode: 7 });
    expect((await runner.wf(['pause', '--off', 'two'])).stdout).toContain('stands still');
    expect((await runner.json(['resume', 'last'])).code).toBe(0);
    expect(runner.lines('did')).toEqual(['first', 'second']);
  });

  test('holds a retry that comes due', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'again',
      execute: {
        ...sh('echo try >> "$HOME/tries"; [ -e "$HOME/go" ] || exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 3, backoff: '500ms' },
      },
    });
    const running = runner.start(['run', 'again', '--input', 'x', '--json']);
    await until(() => runner.types().includes('EffectFailed'));
    await runner.wf(['pause']);
    writeFileSync(runner.path('go'), '');
    expect((await running.ended).code).toBe(7);
    const tries = runner.lines('tries').length;
    await runner.wf(['pause', '--off']);
    expect((await runner.json(['resume', 'last'])).code).toBe(0);
    expect(runner.lines('tries')).toHaveLength(tries + 1);
  });

  test('--abort cancels what is at work and ends its processes', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'long',
      execute: sh('echo $$ > "$HOME/pid"; while :; do sleep 0.05; done'),
    });
    const running = runner.start(['run', 'long', '--input', 'x', '--json']);
    await until(() => runner.lines('pid').length === 1);
    const { stdout } = await runner.wf(['pause', '--abort', '--json']);
    const answer = JSON.parse(stdout) as { cancelled: string[]; paused: boolean };
    expect(answer).toMatchObject({ paused: true, cancelled: [expect.any(String)] });
    expect((await running.ended).code).toBe(5);
    await until(() => !existsSync(`/proc/${runner.lines('pid')[0]}`));
    expect(runner.types(answer.cancelled[0])).toContain('RunCancelled');
  });

  test('is recorded once however often it is asked for, and never half', async () => {
    const runner = wfRunner();
    withNote(runner);
    await runner.wf(['runs']);
    const all = await Promise.all(Array.from({ length: 4 }, () => runner.json(['pause', 'note'])));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(runner.types().filter((type) => type === 'WorkflowPaused')).toHaveLength(1);
    expect((await runner.wf(['pause', 'nothere', '--json'])).code).toBe(3);
    expect((await runner.wf(['pause', '--off', '--abort'])).code).toBe(2);
    await expectHealthy(runner);
  });
});
