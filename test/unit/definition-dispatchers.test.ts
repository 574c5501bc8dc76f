/** What a definition may say of agents, requests and messages, and what the engine makes of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { missingConnections } from '../../src/workflow/connections.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { renderStep } from '../../src/workflow/render-step.ts';
import { checkDefinition, formatPath } from '../../src/workflow/validate-definition.ts';
import type { Ask } from '../support/run-spec.ts';
import { begin, done, effectId, NOW, runSpec, verified } from '../support/run-spec.ts';

const check = (execute: object): string[] =>
  checkDefinition({ id: 'x', execute }).map(
    ({ severity, code, path }) => `${severity} ${code} ${formatPath(path)}`,
  );
const http = { dispatcher: 'http', url: 'https://cms.example/api/posts' };
const message = { dispatcher: 'message', text: 'ready' };

describe('what may stand in a file', () => {
  test('every dispatcher with what it needs, without a word', () => {
    expect(
      check({ dispatcher: 'agent', agent: 'claude', attach: ['{{artifacts}}/a'], message: '{{brief}}' }),
    ).toEqual([]);
    expect(
      check({ ...http, bodyFile: '{{artifacts}}/post.md', auth: { bearerEnv: 'T' }, idempotent: true }),
    ).toEqual([]);
    expect(check({ ...http, body: { text: '{{task}}', n: [1] }, headers: { 'X-A': '{{runId}}' } })).toEqual(
      [],
    );
    expect(check({ ...http, url: 'http://127.0.0.1:8080/hook?run={{runId}}', method: 'PUT' })).toEqual([]);
    expect(check({ ...message, to: 'boss' })).toEqual([]);
    expect(check({ dispatcher: 'message', textFile: '{{artifacts}}/digest.md' })).toEqual([]);
  });

  test.each([
    ['an agent without a name', { dispatcher: 'agent' }, 'missing execute'],
    ['a request that goes nowhere', { dispatcher: 'http' }, 'missing execute'],
    ['a message that says nothing', { dispatcher: 'message' }, 'missing execute'],
    ['two texts', { ...message, textFile: '{{artifacts}}/a' }, 'contradiction execute.textFile'],
    ['two bodies', { ...http, body: 'a', bodyFile: '{{artifacts}}/a' }, 'contradiction execute.bodyFile'],
    ['a key of another dispatcher', { ...message, url: 'https://a.example' }, 'contradiction execute.url'],
    ['plain http to elsewhere', { ...http, url: 'http://cms.example/' }, 'bad-url execute.url'],
    ['a template in the host', { ...http, url: 'https://{{input.a}}.example/' }, 'bad-url execute.url'],
    [
      'a host that only begins well',
      { ...http, url: 'https://localhost{{input.a}}/' },
      'bad-url execute.url',
    ],
    ['a user name', { ...http, url: 'https://a:b@cms.example/' }, 'bad-url execute.url'],
    ['another scheme', { ...http, url: 'file:///etc/passwd' }, 'bad-url execute.url'],
    ['a step up', { ...http, url: 'https://cms.example/a/../b' }, 'bad-url execute.url'],
    [
      'a secret in a header',
      { ...http, headers: { Authorization: 'x' } },
      'bad-header execute.headers.Authorization',
    ],
    [
      'a header of ours',
      { ...http, headers: { 'Idempotency-Key': 'x' } },
      'bad-header execute.headers.Idempotency-Key',
    ],
    ['a typed text in JSON', { ...http, body: '{"a": "{{task}}"}' }, 'user-value-in-json execute.body'],
    ['a GET with a body', { ...http, method: 'GET', body: 'a' }, 'contradiction execute.method'],
    ['two kinds of proof', { ...http, auth: { bearerEnv: 'A', hmacEnv: 'B' } }, 'contradiction execute.auth'],
    [
      'a file of the user’s choice',
      { ...http, bodyFile: '{{input.file}}' },
      'template-not-here execute.bodyFile',
    ],
    [
      'a file of the record',
      { ...http, bodyFile: '{{home}}/logs/events.jsonl' },
      'bad-path execute.bodyFile',
    ],
    ['a way out', { ...http, bodyFile: '{{artifacts}}/../../config.json' }, 'bad-path execute.bodyFile'],
    ['an unknown word', { ...message, text: '{{nosuch}}' }, 'unknown-template execute.text'],
  ])('not %s', (_name, execute, finding) => {
    expect(check(execute)).toContain(`error ${finding}`);
  });

  test('a secret written instead of its name is refused and not repeated', () => {
    const [finding] = checkDefinition({ id: 'x', execute: { ...http, auth: { bearerEnv: 'sk-12-secret' } } });
    expect(finding).toMatchObject({ severity: 'error', code: 'shape' });
    expect(JSON.stringify(finding)).not.toContain('sk-12-secret');
  });
});

const rendered = (execute: object, input = 'say "hi"') => {
  const { context, given, past } = runSpec({ execute, input: {} }, { input });
  const [step] = context.definition.steps;
  if (step === undefined) throw new Error('no step');
  return renderStep(context, given(past()).state, step, { effectId: 'e', key: 'k', nonce: 'n' });
};

describe('what is sent', () => {
  test('has values encoded for the place they stand in', () => {
    const input = JSON.stringify({ task: 'say "hi"', a: '../x?y=1&z' });
    const { http: request } = rendered(
      { ...http, url: `${http.url}/{{input.a}}`, body: { t: '{{task}}' } },
      input,
    );
    expect(request).toMatchObject({
      url: 'https://cms.example/api/posts/..%2Fx%3Fy%3D1%26z',
      body: '{"t":"say \\"hi\\""}',
      headers: [['content-type', 'application/json']],
    });
  });

  test('is read whole before a yes, but for the secret', () => {
    const auth = { hmacEnv: 'KEY' };
    expect(rendered({ ...http, auth, headers: { 'X-A': 'b' }, body: 'hello' }).preview).toBe(
      'POST https://cms.example/api/posts\nX-A: b\ncontent-type: text/plain; charset=utf-8\nx-signature-256: sha256 of the body, signed with KEY\n\nhello',
    );
  });
});

describe('under an approval at deliver', () => {
  const raw = {
    execute: { command: '/bin/true' },
    approval: [{ at: 'deliver' }],
    deliver: { actions: [{ id: 'blog', ...http, bodyFile: '{{artifacts}}/post.md' }] },
  };
  const { context, given, past } = runSpec(raw);
  const file = `artifacts/${given(past()).state.runId}/post.md`;
  const files = [{ file, sha256: 'a'.repeat(64) }];
  const asked = (): readonly Ask[] => [
    begin(),
    done(),
    verified,
    { type: 'BeginStep', step: 'deliver.blog', nonce: 'n', files },
  ];

  test('a yes is bound to the file that is sent although no check names it', () => {
    expect(given(past(begin(), done(), verified)).next()).toMatchObject({
      effect: { kind: 'begin-step', step: 'deliver.blog', bind: [file] },
    });
  });

  test('the act is told the only content that may go out', () => {
    const { state } = given(past(...asked()));
    const approvalId = state.approvals[0]?.approvalId ?? '';
    const approve: Ask = { type: 'Approve', approvalId, by: 'me', isOwner: true };
    const go: Ask = {
      type: 'Continue',
      owner: { host: 'h', bootId: 'b', pid: 9, pidStart: 's' },
      by: 'approve',
    };
    const last = asked().at(-1);
    if (last === undefined) throw new Error('no ask');
    expect(given(past(...asked(), approve, go, last)).next()).toMatchObject({
      effect: {
        kind: 'dispatch',
        effect: { sendFile: { path: `${context.home}/${file}`, sha256: 'a'.repeat(64) }, dispatcher: 'http' },
      },
    });
  });
});

test('"auto" goes to an agent only where config.json lets it loose by name', () => {
  const dispatched = (connected: Parameters<typeof runSpec>[1]) => {
    const { given, past } = runSpec({}, connected);
    return given(past(begin())).state.effects[0];
  };
  const agents = (auto: boolean) => ({ connected: { agents: new Map([['claude', { auto }]]) } });
  expect(dispatched(agents(false))).toMatchObject({ dispatcher: 'manual' });
  expect(dispatched(agents(true))).toMatchObject({ dispatcher: 'agent', target: 'claude' });
  expect(dispatched({ connected: { openclaw: {}, ...agents(true).connected } })).toMatchObject({
    dispatcher: 'openclaw',
  });
});

test('a server that asks for a pause gets it', () => {
  const { given, past } = runSpec({ execute: { ...http, retry: { maxAttempts: 2, backoff: '1s' } } });
  const refused: Ask = {
    type: 'EffectEnded',
    effectId: effectId(),
    result: {
      result: 'failed',
      performed: false,
      retryable: true,
      retryAfterMs: 90_000,
      error: { code: 'http-429', message: 'slow down' },
    },
  };
  expect(given(past(begin(), refused)).state.waiting).toMatchObject({
    for: 'retry',
    until: new Date(Date.parse(NOW) + 90_000).toISOString(),
  });
});

test('what the machine lacks is named before a run', () => {
  const definition = normaliseDefinition({
    id: 'x',
    execute: { steps: [{ id: 'a', dispatcher: 'agent', agent: 'claude' }] },
    deliver: {
      actions: [
        { id: 'm', ...message, to: 'boss' },
        { id: 'h', ...http, auth: { bearerEnv: 'TOKEN' } },
      ],
    },
  });
  const missing = missingConnections(definition, {}, () => false);
  expect(missing.map(({ step, code }) => `${step} ${code}`)).toEqual([
    'a agent-unknown',
    'deliver.m message-target-unknown',
    'deliver.h credential-missing',
  ]);
  const connected = { agents: new Map([['claude', { auto: false }]]), messages: new Set(['boss']) };
  expect(missingConnections(definition, connected, () => true)).toEqual([]);
});

test('the schema that editors use knows the keys', () => {
  const file = readFileSync(new URL('../../definitions/workflow.schema.json', import.meta.url), 'utf8');
  for (const key of ['bodyFile', 'textFile', 'bearerEnv', 'notPerformedStatuses'])
    expect(file).toContain(`"${key}"`);
});
