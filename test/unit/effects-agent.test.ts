/** One turn of an agent, with small scripts in the place of its program: its brief, its answer, its cost, its end. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookup } from '../../src/effects/lookup.ts';
import { performDispatch } from '../../src/effects/perform.ts';
import type { AgentConfig } from '../../src/home/config.ts';
import { depsOf, effectOf, makeFolder, shell } from '../support/effects-home.ts';

const agentOf = (script: string, over: Partial<AgentConfig> = {}): AgentConfig => {
  const [command = '', ...args] = shell(script);
  return {
    command,
    args,
    brief: 'stdin',
    env: [],
    outputFormat: 'text',
    notPerformedExitCodes: [],
    auto: false,
    ...over,
  };
};

const turn = (
  agent: AgentConfig,
  over: Parameters<typeof effectOf>[0] = {},
  deps: Parameters<typeof depsOf>[1] = {},
  home = makeFolder(),
) =>
  performDispatch(
    effectOf({ dispatcher: 'agent', argv: [], target: 'claude', awaits: 'outcome', ...over }),
    depsOf(home, { agents: new Map([['claude', agent]]), ...deps }),
  );

const JSON_AGENT = {
  outputFormat: 'json',
  resultPath: 'result',
  costPath: 'usage.usd',
  errorPath: 'is_error',
} as const;

describe('the brief', () => {
  test('is its standard input', async () => {
    const result = await turn(agentOf('cat'), { message: 'write a post\n' });
    expect(result).toMatchObject({ result: 'confirmed', outcome: 'done', stdout: 'write a post\n' });
  });

  test('is a file whose path it is given', async () => {
    const agent = agentOf('cat "$1"', { brief: 'file', args: ['-c', 'cat "$1"', 'sh', '{{briefFile}}'] });
    expect(await turn(agent)).toMatchObject({ stdout: 'the brief' });
    expect(await turn(agentOf('', { brief: 'file', args: ['-c', 'cat "$1"', 'sh'] }))).toMatchObject({
      stdout: 'the brief',
    });
  });

  test('is an argument, and no option even when it begins with "-"', async () => {
    const echo = agentOf('', { command: '/bin/echo', brief: 'argument', args: [] });
    expect(await turn(echo, { message: '-n rm all' })).toMatchObject({ stdout: ' -n rm all\n' });
    const named = agentOf('', { command: '/bin/echo', brief: 'argument', args: ['--message={{brief}}'] });
    expect(await turn(named, { message: '-n' })).toMatchObject({ stdout: '--message=-n\n' });
  });

  test('comes with the variables that config.json names, and with no others', async () => {
    const agent = agentOf('echo "$KEY/$OTHER/$WF_EFFECT_KEY"', { env: ['KEY'] });
    const environment = { PATH: process.env.PATH, KEY: 'a', OTHER: 'b' };
    expect(await turn(agent, { key: 'wf:k' }, { environment })).toMatchObject({ stdout: 'a//wf:k\n' });
  });
});

describe('an ended turn is its outcome', () => {
  test('with result and cost out of its JSON', async () => {
    const agent = agentOf(
      `echo 'log line'; echo '{"result":"All done.","usage":{"usd":0.25},"is_error":false}'`,
      JSON_AGENT,
    );
    expect(await turn(agent)).toMatchObject({
      result: 'confirmed',
      outcome: 'done',
      stdout: 'All done.',
      receipt: { by: 'process', exitCode: 0, costUsd: 0.25 },
    });
  });

  test.each([
    '{"result":"x"}',
    '{"result":"x","usage":{"usd":"0.25"}}',
    '{"result":"x","usage":{"usd":-1}}',
    'no json',
  ])('whose cost is unknown where it is not stated as a number, never zero: %s', async (said) => {
    const result = await turn(agentOf(`echo '${said}'`, JSON_AGENT));
    expect(result).toMatchObject({ result: 'confirmed' });
    expect(result).not.toHaveProperty('receipt.costUsd');
  });

  test('that says it failed has failed, with what it cost', async () => {
    const agent = agentOf(
      `echo '{"result":"limit reached","usage":{"usd":0.5},"is_error":true}'`,
      JSON_AGENT,
    );
    expect(await turn(agent)).toMatchObject({
      result: 'failed',
      performed: true,
      retryable: false,
      costUsd: 0.5,
      error: { code: 'agent-failed', message: 'agent claude says that its turn failed: limit reached' },
    });
  });

  test('with another exit code has failed; one that means "not begun" is not performed', async () => {
    const agent = agentOf('echo "no login" >&2; exit 3');
    expect(await turn(agent)).toMatchObject({ result: 'failed', performed: true, exitCode: 3 });
    const refused = await turn({ ...agent, notPerformedExitCodes: [3] });
    expect(refused).toMatchObject({ result: 'failed', performed: false, retryable: true });
  });

  test('does not begin where its program or its name is missing', async () => {
    expect(await turn(agentOf('', { command: '/no/such/agent' }))).toMatchObject({
      result: 'failed',
      performed: false,
      error: { code: 'command-not-found' },
    });
    expect(await turn(agentOf('true'), { target: 'codex' })).toMatchObject({
      result: 'failed',
      performed: false,
      error: { code: 'agent-unknown' },
    });
  });
});

describe('a turn whose end nobody saw', () => {
  test('is in doubt when it ran out of time', async () => {
    expect(await turn(agentOf('sleep 20'), { timeoutMs: 200 })).toMatchObject({
      result: 'unknown',
      reason: { code: 'timed-out' },
    });
  });

  const left = async (said: string, over: Partial<AgentConfig> = JSON_AGENT) => {
    const home = makeFolder();
    const effect = effectOf({ dispatcher: 'agent', argv: [], target: 'claude', awaits: 'outcome' });
    fs.mkdirSync(path.join(home, 'run', effect.effectId), { recursive: true });
    fs.writeFileSync(path.join(home, 'run', effect.effectId, 'stdout'), said);
    return lookup(effect, depsOf(home, { agents: new Map([['claude', agentOf('true', over)]]) }));
  };

  test('is known by a whole answer that it left behind', async () => {
    expect(await left('{"result":"Done.","usage":{"usd":1.5}}')).toEqual({
      found: 'performed',
      outcome: 'done',
      receipt: { by: 'lookup', costUsd: 1.5 },
      stdout: 'Done.',
    });
  });

  test.each([
    ['half an answer', '{"result":"Do', JSON_AGENT],
    ['an answer without a result', '{"partial":true}', JSON_AGENT],
    ['an answer that says it failed', '{"result":"x","is_error":true}', JSON_AGENT],
    ['plain text, which may have more to come', 'Done.', {}],
  ])('is not known by %s', async (_name, said, over) => {
    expect(await left(said, over)).toMatchObject({ found: 'cannot-tell' });
  });
});
