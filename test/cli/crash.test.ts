/** A process killed in the middle of a step, Ctrl-C, a hang: nothing is lost, and nothing in doubt is repeated. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectHealthy, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

/** Marks its beginning, waits for the file `go`, marks its end. */
const SLOW =
  'echo begin >> "$HOME/count"; while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.02; done; echo end >> "$HOME/count"';
const begun = (runner: WfRunner) =>
  until(() => runner.lines('count').includes('begin') && isWhole(scratchFile(runner)));
const letGo = (runner: WfRunner): void => writeFileSync(runner.path('go'), '');

const isWhole = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').endsWith('}');
/** Where the run's open effect notes its process. */
const scratchFile = (runner: WfRunner): string => {
  const [effect = ''] = readdirSync(join(runner.home, 'run')).toReversed();
  return join(runner.home, 'run', effect, 'child.json');
};
const childOf = (runner: WfRunner): number => JSON.parse(readFileSync(scratchFile(runner), 'utf8')).pid;
const isAlive = (pid: number): boolean => {
  try {
    // The state follows the command's name, which may itself contain blanks and brackets.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};
async function endChild(runner: WfRunner): Promise<void> {
  const pid = childOf(runner);
  process.kill(-pid, 'SIGKILL');
  await until(() => !isAlive(pid));
}

/** Starts a run and kills the `wf` process while the step is at work. */
async function killedMidStep(runner: WfRunner, more: object = {}): Promise<void> {
  runner.define({ id: 'slow', execute: { ...sh(SLOW), ...more } });
  const { child, ended } = runner.start(['run', 'slow', '--input', 'x']);
  await begun(runner);
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
}

describe('kill -9 in the middle of a step', () => {
  test('while its child still works nobody repeats it: exit 6 with the pid', async () => {
    const runner = wfRunner();
    await killedMidStep(runner, { idempotent: true });
    const pid = childOf(runner);
    const again = await runner.json(['run', 'slow', '--input', 'x']);
    expect(again).toMatchObject({ code: 6, error: { code: 'still-working' } });
    expect(again.error.message).toContain(`still working, pid ${pid}`);
    expect(await runner.json(['resume', 'last'])).toMatchObject({
      code: 6,
      error: { code: 'still-working' },
    });
    expect(await runner.json(['resolve', 'last', '--not-sent'])).toMatchObject({ code: 6 });
    expect(runner.lines('count')).toEqual(['begin']);
    await endChild(runner);
  });

  test('an idempotent step is performed again by the same command, with the same key', async () => {
    const runner = wfRunner();
    await killedMidStep(runner, {
      ...sh(`echo "$WF_EFFECT_KEY" >> "$HOME/keys"; ${SLOW}`),
      idempotent: true,
    });
    await endChild(runner);
    letGo(runner);
    const again = await runner.json(['run', 'slow', '--input', 'x']);
    expect(again).toMatchObject({ code: 0, answer: 'ended', run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['begin', 'begin', 'end']);
    expect(new Set(runner.lines('keys')).size).toBe(1);
    expect(runner.types().filter((type) => type === 'RunStarted')).toHaveLength(1);
  });

  test('any other step ends in doubt, is not repeated, and `resolve --sent` finishes the run', async () => {
    const runner = wfRunner();
    await killedMidStep(runner);
    await endChild(runner);
    letGo(runner);
    const doubt = await runner.json(['run', 'slow', '--input', 'x']);
    expect(doubt).toMatchObject({ code: 6, run: { status: 'waiting', waiting: { for: 'unknown-effect' } } });
    expect(await runner.json(['run', 'slow', '--input', 'x'])).toMatchObject({ code: 6 });
    expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 6 });
    expect(runner.lines('count')).toEqual(['begin']);
    expect(readFileSync(doubt.run.summaryFile ?? '', 'utf8')).toContain('waiting');
    const text = await runner.wf(['run', 'slow', '--input', 'x']);
    expect(text.stdout).toContain('--sent');
    expect(text.stdout).toContain('--not-sent');
    expect(await runner.json(['resolve', 'last'])).toMatchObject({ code: 2, error: { code: 'usage' } });
    expect(await runner.json(['resolve', 'last', '--sent', '--not-sent'])).toMatchObject({ code: 2 });
    const sent = await runner.json(['resolve', 'last', '--sent']);
    expect(sent).toMatchObject({ code: 0, run: { runId: doubt.run.runId, status: 'completed' } });
    expect(runner.lines('count')).toEqual(['begin']);
    expect(await runner.json(['resolve', 'last', '--sent'])).toMatchObject({ code: 4 });
  });

  test('`resolve --not-sent` performs it once more, under a new key', async () => {
    const runner = wfRunner();
    await killedMidStep(runner, sh(`echo "$WF_EFFECT_KEY" >> "$HOME/keys"; ${SLOW}`));
    await endChild(runner);
    letGo(runner);
    expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 6 });
    const done = await runner.json(['resolve', 'last', '--not-sent']);
    expect(done).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['begin', 'begin', 'end']);
    expect(new Set(runner.lines('keys')).size).toBe(2);
  });

  test('steps that were done before are not repeated', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'slow',
      execute: {
        steps: [
          { id: 'a', ...sh('echo a >> "$HOME/count"') },
          { id: 'b', ...sh(SLOW), idempotent: true },
        ],
      },
    });
    const { child, ended } = runner.start(['run', 'slow', '--input', 'x']);
    await begun(runner);
    child.kill('SIGKILL');
    await ended;
    await endChild(runner);
    letGo(runner);
    expect(await runner.json(['run', 'slow', '--input', 'x'])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toEqual(['a', 'begin', 'begin', 'end']);
  });

  test('in a retry wait, the same command waits on and makes the next attempt', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'busy',
      execute: {
        ...sh('echo try >> "$HOME/count"; test -e "$HOME/go" || exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 2, backoff: '1s' },
      },
    });
    const { child, ended } = runner.start(['run', 'busy', '--input', 'x']);
    await until(() => runner.types().includes('EffectFailed'));
    child.kill('SIGKILL');
    await ended;
    letGo(runner);
    expect(await runner.json(['run', 'busy', '--input', 'x'])).toMatchObject({
      code: 0,
      run: { status: 'completed' },
    });
    expect(runner.lines('count')).toEqual(['try', 'try']);
  });

  test('cancel ends the child that was left behind', async () => {
    const runner = wfRunner();
    await killedMidStep(runner);
    const pid = childOf(runner);
    expect(await runner.json(['cancel', 'last'])).toMatchObject({ code: 0, run: { status: 'cancelled' } });
    expect(isAlive(pid)).toBe(false);
    expect(runner.lines('count')).toEqual(['begin']);
  });
});

test('killed at any moment, a run is continued by the same command and its step is done at most once', async () => {
  const runner = wfRunner();
  runner.define({ id: 'any', execute: sh('echo "$WF_RUN_ID" >> "$HOME/count"') });
  for (let delayMs = 20; delayMs <= 130; delayMs += 10) {
    const args = ['run', 'any', '--input', `task ${delayMs}`];
    const { child, ended } = runner.start(args);
    setTimeout(() => child.kill('SIGKILL'), delayMs);
    await ended;
    let end = await runner.json(args);
    // A step that was at work is waited for, or a person has to look: never done again.
    while (end.code === 6 && end.answer === undefined) end = await runner.json(args);
    const times = runner.lines('count').filter((line) => line === end.run.runId).length;
    if (end.code === 0) expect(times).toBe(1);
    else expect(end.run.waiting?.for).toBe('unknown-effect');
    expect(times).toBeLessThanOrEqual(1);
  }
  expect(new Set(runner.lines('count')).size).toBe(runner.lines('count').length);
  await expectHealthy(runner);
});

describe('Ctrl-C', () => {
  test('while a tool is prepared leaves the run to begin that again; no step runs without the tool', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'tooled',
      autoConfigure: { allowlist: ['t'], toolCommands: { t: sh(SLOW) } },
      execute: sh('echo step >> "$HOME/count"'),
    });
    const owner = runner.start(['run', 'tooled', '--input', 'x']);
    await until(() => runner.lines('count').includes('begin'));
    const waiting = runner.start(['run', 'tooled', '--input', 'y']);
    await until(() => runner.types().filter((type) => type === 'RunStarted').length === 2);
    waiting.child.kill('SIGINT');
    expect((await waiting.ended).code).toBe(130);
    owner.child.kill('SIGINT');
    await until(() => owner.seen().stderr.includes('Ctrl-C again'));
    owner.child.kill('SIGINT');
    expect((await owner.ended).code).toBe(130);
    expect(runner.lines('count')).toEqual(['begin']);
    letGo(runner);
    for (const task of ['x', 'y'])
      expect(await runner.json(['run', 'tooled', '--input', task])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toEqual(['begin', 'begin', 'end', 'step', 'step']);
  });

  test('lets the step finish, ends with 130, and the run goes on from there', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'slow',
      execute: {
        steps: [
          { id: 'a', ...sh(SLOW) },
          { id: 'b', ...sh('echo b >> "$HOME/count"') },
        ],
      },
    });
    const { child, ended, seen } = runner.start(['run', 'slow', '--input', 'x']);
    await begun(runner);
    child.kill('SIGINT');
    await until(() => seen().stderr.includes('Ctrl-C again'));
    letGo(runner);
    const end = await ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toContain('wf resume');
    expect(runner.lines('count')).toEqual(['begin', 'end']);
    expect(await runner.json(['run', 'slow', '--input', 'x'])).toMatchObject({
      code: 0,
      run: { status: 'completed' },
    });
    expect(runner.lines('count')).toEqual(['begin', 'end', 'b']);
  });

  test('twice ends the step, which is then in doubt and said so', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const { child, ended, seen } = runner.start(['run', 'slow', '--input', 'x']);
    await begun(runner);
    const pid = childOf(runner);
    child.kill('SIGINT');
    await until(() => seen().stderr.includes('Ctrl-C again'));
    child.kill('SIGINT');
    const end = await ended;
    expect(isAlive(pid)).toBe(false);
    expect(end.stdout + end.stderr).toContain('in doubt');
    expect(end.code).toBe(6);
    letGo(runner);
    expect(await runner.json(['run', 'slow', '--input', 'x'])).toMatchObject({
      code: 6,
      run: { waiting: { for: 'unknown-effect' } },
    });
    expect(runner.lines('count')).toEqual(['begin']);
  });

  test('while waiting for a retry leaves a run that can be continued', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'busy',
      execute: {
        ...sh('echo try >> "$HOME/count"; test -e "$HOME/go" || exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 3, backoff: '1h' },
      },
    });
    const { child, ended } = runner.start(['run', 'busy', '--input', 'x']);
    await until(() => runner.types().includes('EffectFailed'));
    child.kill('SIGINT');
    const end = await ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toContain('can be continued');
    expect(runner.types()).not.toContain('RunFailed');
    expect(runner.lines('count')).toEqual(['try']);
    expect(await runner.json(['cancel', 'last'])).toMatchObject({ code: 0 });
  });
});

describe('a hang', () => {
  test('of a step that is not idempotent ends at its timeout, in doubt', async () => {
    const runner = wfRunner();
    runner.define({ id: 'hang', execute: { ...sh(SLOW), timeout: '300ms' } });
    const end = await runner.json(['run', 'hang', '--input', 'x']);
    expect(end).toMatchObject({ code: 6, run: { waiting: { for: 'unknown-effect' } } });
    expect(runner.lines('count')).toEqual(['begin']);
  });

  test('of an idempotent one is performed again, and fails the run when it hangs again', async () => {
    const runner = wfRunner();
    const retry = { maxAttempts: 2, backoff: '10ms' };
    runner.define({ id: 'hang', execute: { ...sh(SLOW), timeout: '300ms', idempotent: true, retry } });
    const end = await runner.json(['run', 'hang', '--input', 'x']);
    expect(end).toMatchObject({ code: 5, run: { status: 'failed', error: { code: 'timed-out' } } });
    expect(runner.lines('count')).toEqual(['begin', 'begin']);
  });
});

describe('cancel', () => {
  test('ends the step of a living run, and that run ends as cancelled', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: sh(SLOW) });
    const { ended } = runner.start(['run', 'slow', '--input', 'x', '--json']);
    await begun(runner);
    const pid = childOf(runner);
    expect(await runner.json(['cancel', 'last'])).toMatchObject({ code: 0, run: { status: 'cancelled' } });
    const end = await ended;
    expect(end.code).toBe(5);
    expect(JSON.parse(end.stdout).run.status).toBe('cancelled');
    expect(isAlive(pid)).toBe(false);
    expect(runner.lines('count')).toEqual(['begin']);
  });
});
