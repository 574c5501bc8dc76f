/** A run on a terminal: what is at work is seen while it lasts, and nothing of that is left behind or piped. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startOnPty } from '../support/pty.ts';
import { screenOf } from '../support/screen.ts';
import { sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

/** A step that acts once and lasts until the test says so. */
const UNTIL_GO = 'echo acted >> "$HOME/acts"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done';
const slow = (more: object = {}): WfRunner => {
  const runner = wfRunner();
  runner.define({ id: 'slow', execute: { ...sh(UNTIL_GO), env: ['HOME'], timeout: '45m', ...more } });
  return runner;
};
const go = (runner: WfRunner): void => writeFileSync(runner.path('go'), '');
const RUN = ['run', 'slow', '--input', 'x'] as const;

describe('a run on a terminal', () => {
  test('shows what is at work and for how long, and takes it away at the end', async () => {
    const runner = slow();
    const { ended, seen } = startOnPty(runner, RUN);
    await until(() => / {2}[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] execute .* \d\.\d s of 45m/.test(seen().stdout));
    go(runner);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const left = screenOf(stdout, 120).text;
    expect(left).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
    expect(left).toContain('✓ execute          done in');
    expect(left).toContain('● done in');
  });

  test('says the time limit of the route where a step has none of its own', async () => {
    const runner = wfRunner();
    const routes = [{ name: 'deep', match: ['deep'], risk: 'low', timeout: '90m' }];
    runner.define({
      id: 'slow',
      classify: { routes, fallback: { name: 'brief', risk: 'low' } },
      execute: { ...sh(UNTIL_GO), env: ['HOME'] },
    });
    const { ended, seen } = startOnPty(runner, ['run', 'slow', '--input', 'a deep look']);
    await until(() => / execute .* of 1h 30m/.test(seen().stdout));
    go(runner);
    expect((await ended).code).toBe(0);
  });

  test('writes no line where the terminal cannot take one away, none into a pipe, and plain signs without UTF-8', async () => {
    for (const env of [{ TERM: 'dumb' }, { LANG: 'C' }]) {
      const runner = slow();
      const { ended, seen } = startOnPty(runner, RUN, env);
      if ('LANG' in env) await until(() => / {2}[|/\\-] execute .* of 45m/.test(seen().stdout));
      else await until(() => runner.lines('acts').length > 0);
      go(runner);
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
      if ('TERM' in env) expect(stdout).not.toContain('\u001b');
    }
    const runner = slow();
    const { ended } = runner.start(RUN, { env: { TERM: 'xterm', LANG: 'C.UTF-8' } });
    await until(() => runner.lines('acts').length > 0);
    go(runner);
    const { stdout, stderr } = await ended;
    expect(stdout + stderr).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
    for (const control of ['\r', '\u001b']) expect(stdout + stderr).not.toContain(control);
  });

  test('Ctrl-C lets the act at work finish, says how to look and to go on, and nothing is done twice', async () => {
    const runner = slow();
    const { child, ended, seen } = startOnPty(runner, RUN);
    await until(() => seen().stdout.includes('of 45m'));
    child.stdin?.write('\u0003');
    await until(() => seen().stdout.includes('stopping'));
    go(runner);
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    const left = screenOf(stdout, 200).text;
    expect(left).toContain('stopping: what is at work may finish (10 s); Ctrl-C again ends it');
    expect(left).toMatch(/next {2}Look: wf show [0-9A-Z]{26}\. Go on with: wf resume [0-9A-Z]{26}/);
    expect(left).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
    expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('acts')).toEqual(['acted']);
  });

  test('the same command beside it shows what the first is at; Ctrl-C there leaves the work running', async () => {
    const runner = slow();
    const first = runner.start(RUN);
    await until(() => runner.lines('acts').length > 0);
    const { child, ended, seen } = startOnPty(runner, RUN);
    await until(() => seen().stdout.includes('of 45m'));
    child.stdin?.write('\u0003');
    const looked = await ended;
    expect(looked.code).toBe(130);
    expect(screenOf(looked.stdout, 200).text).toMatch(/no longer watching; run [0-9A-Z]{26} goes on/);
    go(runner);
    expect((await first.ended).code).toBe(0);
    expect(runner.lines('acts')).toEqual(['acted']);
  });

  test('a wait for the next attempt counts down', async () => {
    const runner = wfRunner();
    const retry = { maxAttempts: 2, backoff: '2s' };
    runner.define({ id: 'slow', execute: { ...sh('exit 9'), notPerformedExitCodes: [9], retry } });
    const { ended, seen } = startOnPty(runner, RUN);
    await until(() => / execute {10}again in [01]\.\d s/.test(seen().stdout));
    expect((await ended).code).toBe(5);
  });
});
