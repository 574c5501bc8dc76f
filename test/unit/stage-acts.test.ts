/** The acts around and after the work: the check of verify, the actions of deliver, steps that may fail. */
import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';
import type { Ask } from '../support/run-spec.ts';
import {
  begin,
  command,
  done,
  effectId,
  failed,
  handedOff,
  NOW,
  RUN,
  resumed,
  runSpec,
  unknown,
  verified,
} from '../support/run-spec.ts';

const check = { command: '/usr/bin/restic', args: ['check'] };
const CHECK = 'verify.command';
const exited = (exitCode: number, step = 'main', attempt = 1): Ask => ({
  type: 'EffectEnded',
  effectId: effectId(step, attempt),
  result: {
    result: 'failed',
    performed: true,
    retryable: false,
    exitCode,
    error: { code: 'exit-code', message: 'no' },
  },
});

describe('verify.command', () => {
  const { given, past } = runSpec({ execute: command, verify: { command: check } });

  test('runs after the work, with an intent, and before the files are looked at', () => {
    expect(given(past(begin(), done())).next()).toEqual({
      type: 'perform',
      effect: { kind: 'begin-step', step: CHECK },
    });
    const { next } = given(past(begin(), done(), begin(CHECK)));
    expect(next()).toMatchObject({
      effect: {
        kind: 'dispatch',
        effect: { key: `wf:${RUN}:${CHECK}:1`, argv: ['/usr/bin/restic', 'check'], dispatcher: 'command' },
      },
    });
    expect(given(past(begin(), done(), begin(CHECK), done(CHECK))).next()).toMatchObject({
      effect: { kind: 'verify', mode: 'work' },
    });
  });

  test('that fails, fails the run at verify; a resume checks anew and does not do the work again', () => {
    const events = past(begin(), done(), begin(CHECK), exited(1, CHECK));
    expect(given(events).state).toMatchObject({ status: 'failed', error: { stage: 'verify', step: CHECK } });
    const again = past(begin(), done(), begin(CHECK), exited(1, CHECK), resumed);
    expect(given(again).next()).toMatchObject({ effect: { kind: 'begin-step', step: CHECK } });
    const passed = past(
      begin(),
      done(),
      begin(CHECK),
      exited(1, CHECK),
      resumed,
      begin(CHECK),
      done(CHECK, 2),
      verified,
    );
    expect(given(passed).state.status).toBe('completed');
  });

  test('that passed before the files failed is made again: what it checked may have changed', () => {
    const missing: Ask = { type: 'Verified', checks: [{ file: 'a', exists: false }] };
    const events = past(begin(), done(), begin(CHECK), done(CHECK), missing, resumed);
    expect(given(events).next()).toMatchObject({ effect: { kind: 'begin-step', step: CHECK } });
  });

  test('whose end nobody saw is made again by itself: it is a check', () => {
    const events = past(begin(), done(), begin(CHECK), unknown(CHECK));
    expect(given(events).state).toMatchObject({ status: 'waiting', waiting: { for: 'retry' } });
  });

  test('is not run while the work is only handed over', () => {
    const spec = runSpec({ execute: { dispatcher: 'manual' }, verify: { command: check } });
    expect(spec.given(spec.past(begin())).next()).toMatchObject({
      effect: { kind: 'verify', mode: 'hand-over' },
    });
  });
});

describe('deliver.actions', () => {
  const actions = [
    { id: 'blog', command: '/bin/blog' },
    { id: 'social', command: '/bin/social', args: ['{{artifacts}}/s.json'] },
  ];
  const { given, past } = runSpec({ execute: command, deliver: { actions } });

  test('follow the checks, one after the other, each with its own intent and key', () => {
    const first = given(past(begin(), done(), verified, begin('deliver.blog')));
    expect(first.next()).toMatchObject({
      effect: { kind: 'dispatch', effect: { key: `wf:${RUN}:deliver.blog:1`, argv: ['/bin/blog'] } },
    });
    const whole = past(
      begin(),
      done(),
      verified,
      begin('deliver.blog'),
      done('deliver.blog'),
      begin('deliver.social'),
      done('deliver.social'),
    );
    expect(given(whole).state).toMatchObject({ status: 'completed' });
    expect(
      whole.find((event) => event.type === 'StageCompleted' && event.data.stage === 'deliver')?.data,
    ).toMatchObject({
      output: {
        actions: [
          { action: 'deliver.blog', outcome: 'done' },
          { action: 'deliver.social', outcome: 'done' },
        ],
      },
    });
  });

  test('one that failed is done again by a resume; what was delivered is not', () => {
    const events = past(
      begin(),
      done(),
      verified,
      begin('deliver.blog'),
      done('deliver.blog'),
      begin('deliver.social'),
      failed(true, 'deliver.social'),
    );
    expect(given(events).state).toMatchObject({
      status: 'failed',
      error: { stage: 'deliver', step: 'deliver.social' },
    });
    given(events)
      .when(resumed)
      .then('RunResumed', 'RunLeased', { type: 'StageStarted', data: { stage: 'deliver', attempt: 2 } });
    const again = past(
      begin(),
      done(),
      verified,
      begin('deliver.blog'),
      done('deliver.blog'),
      begin('deliver.social'),
      failed(true, 'deliver.social'),
      resumed,
    );
    expect(given(again).next()).toMatchObject({ effect: { kind: 'begin-step', step: 'deliver.social' } });
  });

  test('one in doubt waits for a person, and is never sent again by itself', () => {
    const events = past(begin(), done(), verified, begin('deliver.blog'), unknown('deliver.blog'));
    expect(given(events).state).toMatchObject({ status: 'waiting', waiting: { for: 'unknown-effect' } });
  });

  test('nothing is delivered of work that nobody has done yet', () => {
    const spec = runSpec({ execute: { dispatcher: 'manual' }, deliver: { actions } });
    const events = spec.past(begin(), verified);
    expect(spec.given(events).state).toMatchObject({ status: 'handed_off', effects: [{ step: 'main' }] });
  });

  test('at high risk one yes covers the work and what is done with it', () => {
    const risky = runSpec({
      execute: command,
      deliver: { actions },
      classify: { fallback: { name: 'x', risk: 'high' } },
    });
    const [asked] = risky.past(begin()).slice(-1);
    expect(asked).toMatchObject({
      type: 'ApprovalRequested',
      data: { covers: [{ step: 'main' }, { step: 'deliver.blog' }, { step: 'deliver.social' }] },
    });
  });
});

describe('a step that may fail', () => {
  const steps = [
    { id: 'a', ...command },
    { id: 'prune', ...command, onError: 'continue', retry: { maxAttempts: 2, backoff: '1s' } },
    { id: 'c', ...command },
  ];
  const { given, past } = runSpec({ execute: { steps } });

  test('is gone past when it failed for good, and the run says so', () => {
    const events = past(begin('a'), done('a'), begin('prune'), exited(1, 'prune'));
    expect(given(events).next()).toMatchObject({ effect: { kind: 'begin-step', step: 'c' } });
    const whole = past(
      begin('a'),
      done('a'),
      begin('prune'),
      exited(1, 'prune'),
      begin('c'),
      done('c'),
      verified,
    );
    expect(given(whole).state).toMatchObject({ status: 'completed' });
    expect(whole).toContainEqual(
      expect.objectContaining({
        type: 'StageCompleted',
        data: expect.objectContaining({
          output: {
            outcome: 'done',
            steps: [
              { step: 'a', outcome: 'done' },
              { step: 'prune', outcome: 'failed' },
              { step: 'c', outcome: 'done' },
            ],
          },
        }),
      }),
    );
  });

  test('has its attempts first', () => {
    expect(given(past(begin('a'), done('a'), begin('prune'), failed(false, 'prune'))).state).toMatchObject({
      status: 'waiting',
      waiting: { for: 'retry' },
    });
  });

  test('in doubt still waits for a person: going on would leave it unknown', () => {
    expect(given(past(begin('a'), done('a'), begin('prune'), unknown('prune'))).state).toMatchObject({
      waiting: { for: 'unknown-effect' },
    });
  });
});

describe('retryOn', () => {
  const retry = { maxAttempts: 3, backoff: '5s', retryOn: ['exit:75', 'timeout'] };
  const { given, past } = runSpec({ execute: { ...command, idempotent: true, retry } });

  test('an end that it names is tried again, as the next attempt', () => {
    const events = past(begin(), exited(75));
    expect(given(events).state).toMatchObject({ status: 'waiting', waiting: { for: 'retry' } });
    expect(given(events).next(NOW)).toMatchObject({ type: 'sleep' });
    expect(given(past(begin(), exited(75), begin(), done('main', 2))).state.current).toBe('verify');
  });

  test('any other end is a failure', () => {
    expect(given(past(begin(), exited(1))).state.status).toBe('failed');
  });

  test.each([
    [{ execute: { ...command, retry } }, 'execute.retry.retryOn'],
    [{ execute: { ...command, idempotent: true, retry: { retryOn: ['never'] } } }, 'execute.retry.retryOn.0'],
    [{ execute: { steps: [{ id: 'deliver.x', ...command }] } }, 'execute.steps.0.id'],
    [{ verify: { command: { args: [] } } }, 'verify.command.command'],
    [{ verify: { command: { command: '{{task}}' } } }, 'verify.command.command'],
    [
      {
        deliver: {
          actions: [
            { id: 'a', ...command },
            { id: 'A', ...command },
          ],
        },
      },
      'deliver.actions.1.id',
    ],
    [
      { deliver: { actions: [{ id: 'a', command: 'sh', args: ['-c', '{{task}}'] }] } },
      'deliver.actions.0.args.1',
    ],
  ])('%j is an error where it stands', (raw, path) => {
    const findings = checkDefinition({ $schema: 's', id: 'x', ...raw });
    expect(findings.map((finding) => [finding.severity, finding.path.join('.')])).toContainEqual([
      'error',
      path,
    ]);
  });
});

test('material is named in the brief, with its path', () => {
  const execute = { dispatcher: 'manual', attach: ['{{artifacts}}/feeds.json'] };
  const { past } = runSpec({ execute });
  const intent = past(begin()).find((event) => event.type === 'EffectIntended');
  expect(intent?.data).toMatchObject({
    preview: expect.stringContaining(`## Material\n- /home/wf/artifacts/${RUN}/feeds.json`),
  });
});

test('a hand-over as an action is enough: nobody waits for its report', () => {
  const { given, past } = runSpec({ execute: command, deliver: { actions: [{ id: 'send', ...command }] } });
  const events = past(begin(), done(), verified, begin('deliver.send'), handedOff('deliver.send'));
  expect(given(events).state).toMatchObject({ status: 'completed', outcome: 'done' });
});
