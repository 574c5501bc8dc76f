/** What is said about a dispatched command: done, handed over, failed or in doubt, and never more than is certain. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookup } from '../../src/effects/lookup.ts';
import { performDispatch, removeScratch } from '../../src/effects/perform.ts';
import { depsOf, effectOf, makeFolder, shell } from '../support/effects-home.ts';

const run = (
  script: string,
  over: Parameters<typeof effectOf>[0] = {},
  deps: Parameters<typeof depsOf>[1] = {},
) => performDispatch(effectOf({ argv: shell(script), ...over }), depsOf(makeFolder(), deps));

describe('exit 0', () => {
  test('is done, with what the command said', async () => {
    expect(await run('echo fine')).toMatchObject({
      result: 'confirmed',
      outcome: 'done',
      receipt: { by: 'process', exitCode: 0 },
      stdout: 'fine\n',
    });
  });

  test.each(['{"ok":true,"jobId":"job-7","route":"x"}', ' {"jobId":"job-7"}\n\n'])(
    'with a job id is a hand-over: %s',
    async (said) => {
      expect(await run(`printf '%s' '${said}'`)).toMatchObject({
        outcome: 'handed_off',
        receipt: { jobId: 'job-7' },
      });
    },
  );

  test.each(['[{"jobId":"7"}]', '{"jobId":""}', '{"jobId":"7"} and more', '{"id":"7"}'])(
    'with something else that only looks like it is done: %s',
    async (said) => {
      expect(await run(`printf '%s' '${said}'`)).toMatchObject({ outcome: 'done' });
    },
  );

  test('is always a hand-over where the definition says so', async () => {
    expect(await run('echo queued', { awaits: 'dispatch' })).toMatchObject({ outcome: 'handed_off' });
  });
});

describe('another exit code', () => {
  test('is a failure that is not repeated by itself, with the command’s last words', async () => {
    expect(await run('echo one >&2; echo "disk is full" >&2; exit 3')).toMatchObject({
      result: 'failed',
      performed: true,
      retryable: false,
      exitCode: 3,
      error: { code: 'exit-code', message: '/bin/sh exited with 3: disk is full' },
    });
  });

  test('that the definition lists means nothing was done: it may be tried again', async () => {
    expect(await run('exit 75', { notPerformedExitCodes: [75] })).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: true,
      error: { code: 'not-performed' },
    });
  });
});

describe('a command that cannot be started was not performed, and the user reads what to do', () => {
  test.each([
    ['not there', ['/no/such/program'], 'command-not-found', /is not there; correct the path/],
    ['not on PATH', ['no-such-program-here'], 'command-not-found', /is not on PATH/],
    ['a folder', ['/tmp'], 'command-not-executable', /is a folder/],
    ['too long', ['/bin/echo', 'x'.repeat(200_000)], 'arguments-too-long', /WF_TASK_FILE/],
  ])('%s', async (_name, argv, code, message) => {
    const result = await performDispatch(effectOf({ argv }), depsOf(makeFolder()));
    expect(result).toMatchObject({ result: 'failed', performed: false, retryable: false, error: { code } });
    expect(result).toHaveProperty('error.message', expect.stringMatching(message));
  });

  test('a script without permission, and one whose interpreter is missing', async () => {
    const home = makeFolder();
    const script = path.join(home, 'script');
    fs.writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o600 });
    const effect = effectOf({ argv: [script] });
    expect(await performDispatch(effect, depsOf(home))).toMatchObject({
      performed: false,
      error: { code: 'command-not-executable', message: expect.stringContaining('chmod +x') },
    });
    fs.chmodSync(script, 0o700);
    expect(await performDispatch(effect, depsOf(home))).toMatchObject({
      performed: false,
      error: { code: 'command-not-found', message: expect.stringContaining('interpreter') },
    });
  });

  test('a home that cannot be written', async () => {
    const home = makeFolder();
    fs.writeFileSync(path.join(home, 'run'), 'a file where a folder should be');
    expect(await performDispatch(effectOf(), depsOf(home))).toMatchObject({
      result: 'failed',
      performed: false,
      error: { code: 'scratch-not-writable' },
    });
  });
});

describe('what nobody can judge is in doubt', () => {
  test('a hang', async () => {
    expect(await run('sleep 600', { timeoutMs: 200 })).toMatchObject({
      result: 'unknown',
      reason: { code: 'timed-out', message: '/bin/sh was ended after its timeout of 0.2 s' },
    });
  });

  test('a crash', async () => {
    expect(await run('kill -SEGV $$')).toMatchObject({ result: 'unknown', reason: { code: 'signalled' } });
  });

  test('output without end', async () => {
    expect(await run('yes', {}, { outputLimitBytes: 50_000, outputCapBytes: 1000 })).toMatchObject({
      result: 'unknown',
      reason: { code: 'output-limit' },
      truncated: true,
    });
  });

  test('and a command has no list to look it up in', async () => {
    expect(await lookup(effectOf(), depsOf(makeFolder()))).toMatchObject({ found: 'cannot-tell' });
  });
});

test('a secret in the output is not handed on, not even inside the error', async () => {
  const result = await run('echo s3cret; echo "bad: s3cret" >&2; exit 1');
  expect(JSON.stringify(result)).not.toContain('s3cret');
  expect(result).toHaveProperty('error.message', '/bin/sh exited with 1: bad: [redacted]');
});

describe('what the command gets', () => {
  test('the variables of the seed, the task as a file, and the run’s artifacts as its folder', async () => {
    const home = makeFolder();
    const effect = effectOf({
      argv: shell('pwd; cat "$WF_TASK_FILE"; env | grep -E "^(WF_|OPENCLAW_)" | sort'),
      task: 'line 1\n--line 2',
    });
    const result = await performDispatch(effect, depsOf(home, { environment: { PATH: process.env.PATH } }));
    expect(result).toMatchObject({ result: 'confirmed' });
    expect('stdout' in result ? result.stdout?.split('\n') : []).toEqual([
      path.join(home, 'artifacts/run-1'),
      'line 1',
      `--line 2OPENCLAW_ROOT=${path.dirname(home)}`,
      `WF_EFFECT_KEY=${effect.key}`,
      `WF_HOME=${home}`,
      'WF_IDEMPOTENCY_KEY=the-key',
      'WF_ROUTE=content',
      'WF_RUN_ID=run-1',
      'WF_TASK=line 1',
      `WF_TASK_FILE=${home}/run/effect-1/task.txt`,
      '',
    ]);
    expect(fs.statSync(path.join(home, 'run/effect-1/task.txt')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.join(home, 'artifacts/run-1')).mode & 0o777).toBe(0o700);
    removeScratch(home, 'effect-1');
    expect(fs.readdirSync(path.join(home, 'run'))).toEqual([]);
  });

  test('a task above 96 KiB only as a file, so that the command starts at all', async () => {
    const task = 'ä'.repeat(100_000);
    const result = await run('env | grep -q ^WF_TASK= || echo absent; wc -c < "$WF_TASK_FILE"', { task });
    expect(result).toMatchObject({ stdout: expect.stringMatching(/^absent\n\s*200000\n$/) });
  });
});
