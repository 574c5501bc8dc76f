/** The openclaw dispatcher and dispatch_task.sh, against a stand-in for `openclaw`: one job per key, never two. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookup } from '../../src/effects/lookup.ts';
import { performDispatch } from '../../src/effects/perform.ts';
import { DISPATCH_SCRIPT, depsOf, effectOf, FAKE_OPENCLAW, makeFolder } from '../support/effects-home.ts';

type Mode = 'ok' | 'gateway-down' | 'unknown-agent' | 'add-lost' | 'add-and-list-lost' | 'garbage' | 'slow';

function standIn(mode: Mode, extra: Record<string, string> = {}) {
  const home = makeFolder();
  const environment = {
    PATH: process.env.PATH,
    OPENCLAW_BIN: FAKE_OPENCLAW,
    OPENCLAW_FAKE_DIR: home,
    OPENCLAW_FAKE_MODE: mode,
    ...extra,
  };
  const lines = (): string[][] => {
    const file = path.join(home, 'calls.jsonl');
    if (!fs.existsSync(file)) return [];
    return fs
      .readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  return {
    home,
    environment,
    deps: depsOf(home, { environment }),
    verbs: () => lines().map((argv) => argv[1]),
    added: () => lines().find((argv) => argv[1] === 'add') ?? [],
  };
}

const cronEffect = (over: Parameters<typeof effectOf>[0] = {}) =>
  effectOf({ dispatcher: 'openclaw', argv: [], target: 'personal-assistant', ...over });

describe('a dispatch', () => {
  test('looks, adds one job with the message and our key, and is a hand-over', async () => {
    const { deps, verbs, added } = standIn('ok');
    const effect = cronEffect({ message: '--line 1\n"line" $2 `x`', timeoutMs: 2_700_000 });
    expect(await performDispatch(effect, deps)).toMatchObject({
      result: 'confirmed',
      outcome: 'handed_off',
      receipt: { by: 'process', exitCode: 0, jobId: 'job-1' },
      stdout: '{"ok":true,"jobId":"job-1","route":"content","runId":"run-1"}\n',
    });
    expect(verbs()).toEqual(['list', 'add']);
    expect(added()).toEqual([
      'cron',
      'add',
      '--name=workflow run-1',
      '--agent=personal-assistant',
      '--session',
      'isolated',
      '--wake',
      'now',
      '--at',
      '5s',
      '--message=--line 1\n"line" $2 `x`',
      '--keep-after-run',
      `--declaration-key=${effect.key}`,
      '--timeout-seconds=2700',
      '--no-deliver',
    ]);
  });

  test('that is repeated with the same key finds its job and adds nothing', async () => {
    const { deps, verbs } = standIn('ok');
    const effect = cronEffect();
    await performDispatch(effect, deps);
    expect(await performDispatch(effect, deps)).toMatchObject({ receipt: { jobId: 'job-1' } });
    expect(verbs()).toEqual(['list', 'add', 'list']);
  });

  test('whose answer was lost is looked up, not repeated', async () => {
    const { deps, verbs } = standIn('add-lost');
    expect(await performDispatch(cronEffect(), deps)).toMatchObject({
      result: 'confirmed',
      receipt: { jobId: 'job-1' },
    });
    expect(verbs()).toEqual(['list', 'add', 'list']);
  });

  test('that answers nonsense is looked up too', async () => {
    expect(await performDispatch(cronEffect(), standIn('garbage').deps)).toMatchObject({
      result: 'confirmed',
    });
  });

  test('of which nothing can be known is in doubt', async () => {
    const { deps, verbs } = standIn('add-and-list-lost');
    expect(await performDispatch(cronEffect(), deps)).toMatchObject({
      result: 'unknown',
      reason: { code: 'dispatch-unclear', message: expect.stringContaining('gateway timeout') },
    });
    expect(verbs()).toEqual(['list', 'add', 'list']);
  });

  test('to a gateway that is down did not happen and can be tried again', async () => {
    const { deps, verbs } = standIn('gateway-down');
    expect(await performDispatch(cronEffect(), deps)).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: true,
      error: { code: 'openclaw-unreachable', message: expect.stringContaining('Gateway not reachable') },
    });
    expect(verbs()).toEqual(['list']);
  });

  test('to an unknown agent is a configuration error, named', async () => {
    expect(
      await performDispatch(cronEffect({ target: 'nobody' }), standIn('unknown-agent').deps),
    ).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: false,
      error: { code: 'openclaw-configuration', message: expect.stringContaining('unavailable: nobody') },
    });
  });

  test('without OpenClaw on the machine says so', async () => {
    const { deps } = standIn('ok', { OPENCLAW_BIN: 'no-openclaw-here' });
    expect(await performDispatch(cronEffect(), deps)).toMatchObject({
      performed: false,
      retryable: false,
      error: { message: expect.stringContaining('no-openclaw-here is not on PATH') },
    });
  });

  test('with a message the CLI cannot take is refused before anything is sent', async () => {
    const { deps, verbs } = standIn('ok');
    const long = 'x'.repeat(150_000);
    expect(await performDispatch(cronEffect({ task: long, message: long }), deps)).toMatchObject({
      performed: false,
      error: { code: 'openclaw-configuration', message: expect.stringContaining('150000 bytes') },
    });
    expect(verbs()).toEqual([]);
  });

  test('announces where the environment says', async () => {
    const { deps, added } = standIn('ok', { OPENCLAW_CHANNEL: 'whatsapp', OPENCLAW_TARGET: '+1555' });
    await performDispatch(cronEffect(), deps);
    expect(added().slice(-3)).toEqual(['--announce', '--channel=whatsapp', '--to=+1555']);
  });

  test('that is interrupted is in doubt, and nothing of it goes on', async () => {
    const abort = new AbortController();
    const { deps, verbs } = standIn('slow');
    const running = performDispatch(cronEffect(), { ...deps, signal: abort.signal });
    while (verbs().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    expect(await running).toMatchObject({ result: 'unknown', reason: { code: 'interrupted' } });
    expect(verbs()).toEqual(['list']);
  });
});

describe('after a crash the job list decides', () => {
  test('a job with our key was dispatched, none was not', async () => {
    const { deps } = standIn('ok');
    const effect = cronEffect();
    expect(await lookup(effect, deps)).toEqual({ found: 'absent' });
    await performDispatch(effect, deps);
    expect(await lookup(effect, deps)).toEqual({
      found: 'performed',
      outcome: 'handed_off',
      receipt: { by: 'lookup', jobId: 'job-1' },
    });
    expect(await lookup({ ...effect, key: `${effect.key}0` }, deps)).toEqual({ found: 'absent' });
  });

  test('a gateway that is down proves nothing', async () => {
    const answer = await lookup(cronEffect(), standIn('gateway-down').deps);
    expect(answer).toMatchObject({ found: 'cannot-tell', reason: expect.stringContaining('exited with 1') });
  });

  test('"not in the list" proves nothing about a script of the user’s own', async () => {
    const { deps } = standIn('ok');
    const answer = await lookup(cronEffect(), { ...deps, scriptDeclaresKey: false });
    expect(answer.found).toBe('cannot-tell');
  });
});

describe('dispatch_task.sh by hand, as the seed shows it', () => {
  const env = (environment: Record<string, string | undefined>) => environment as NodeJS.ProcessEnv;

  test('adds a job without a key for the default agent', () => {
    const { environment, added, verbs } = standIn('ok');
    const out = execFileSync(DISPATCH_SCRIPT, ['content', 'it\'s a "task" $(touch x)'], {
      env: env(environment),
      encoding: 'utf8',
    });
    expect(JSON.parse(out)).toEqual({ ok: true, jobId: 'job-1', route: 'content', runId: '' });
    expect(verbs()).toEqual(['add']);
    expect(added()).toContain('--agent=personal-assistant');
    expect(added()).toContain('--message=it\'s a "task" $(touch x)');
    expect(added().some((arg) => arg.startsWith('--declaration-key'))).toBe(false);
  });

  test.each([
    ['no arguments', [], 'ok', 64, /usage/],
    ['no task', ['content'], 'ok', 64, /no task/],
    ['the gateway down', ['content', 'x'], 'gateway-down', 69, /nothing was dispatched/],
    ['an unclear add', ['content', 'x'], 'add-lost', 76, /unclear/],
  ] as const)('says in one line what is wrong: %s', (_name, args, mode, code, line) => {
    const { environment } = standIn(mode);
    const { status, stderr, stdout } = spawnSync(DISPATCH_SCRIPT, args, {
      env: env(environment),
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
