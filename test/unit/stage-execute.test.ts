/** execute: steps in their order, each intended, acted, confirmed; nothing that may have happened is repeated. */
import { describe, expect, test } from 'vitest';
import {
  begin,
  command,
  done,
  effectId,
  failed,
  handedOff,
  RUN,
  resumed,
  runSpec,
  unknown,
} from '../support/run-spec.ts';

const one = { execute: command };
const two = {
  execute: {
    steps: [
      { id: 'a', ...command },
      { id: 'b', ...command },
    ],
  },
};

describe('a step', () => {
  test('is intended first; only then is there something to perform', () => {
    const { given, past } = runSpec(one);
    const intended = given(past())
      .when(begin())
      .then({
        type: 'EffectIntended',
        data: { effectId: effectId(), key: `wf:${RUN}:execute.main:1`, attempt: 1, dispatcher: 'command' },
      });
    expect(intended.next()).toMatchObject({
      type: 'perform',
      effect: {
        kind: 'dispatch',
        effect: { argv: ['/bin/true'], task: 'water the plants', route: 'general' },
      },
    });
  });

  test('that is not what is due, or whose attempt is still open, is not begun', () => {
    const { given, past } = runSpec(two);
    given(past()).when(begin('b')).refused('step-not-due');
    given(past(begin('a')))
      .when(begin('a'))
      .refused('step-open');
    given(past(begin('a'), done('a')))
      .when(begin('a'))
      .refused('step-not-due');
  });

  test('after the last one execute is completed and verify begins', () => {
    const { given, past } = runSpec(two);
    given(past(begin('a'), done('a')))
      .when(begin('b'))
      .then('EffectIntended');
    given(past(begin('a'), done('a'), begin('b')))
      .when(done('b'))
      .then(
        'EffectConfirmed',
        { type: 'StageCompleted', data: { stage: 'execute', output: { outcome: 'done' } } },
        { type: 'StageStarted', data: { stage: 'verify' } },
      );
  });

  test('whose end is told twice keeps the first', () => {
    const { given, past } = runSpec(two);
    given(past(begin('a'), done('a')))
      .when(done('a'))
      .refused('effect-ended');
    given(past()).when(done('a')).refused('effect-ended');
  });
});

describe('dispatchers', () => {
  test('auto takes what config connects, and the queue where nothing is', () => {
    const queued = runSpec({});
    expect(queued.given(queued.past(begin())).state.effects[0]).toMatchObject({
      dispatcher: 'manual',
      status: 'handed_off',
    });
    const connected = runSpec({}, { connected: { openclaw: { agent: 'mine' } } });
    expect(connected.given(connected.past(begin())).state.effects[0]).toMatchObject({
      dispatcher: 'openclaw',
      target: 'mine',
      status: 'intended',
    });
    const plain = runSpec({}, { connected: { openclaw: {} } });
    expect(plain.given(plain.past(begin())).state.effects[0]).toMatchObject({
      target: 'personal-assistant',
    });
  });

  test('a queued task has no act: intent and confirmation are one commit', () => {
    const { given, past } = runSpec({ execute: { dispatcher: 'manual' } });
    given(past())
      .when(begin())
      .then(
        { type: 'EffectIntended', data: { taskId: `T-${RUN}`, nonce: 'nonce1' } },
        { type: 'EffectConfirmed', data: { outcome: 'handed_off', receipt: { by: 'queue' } } },
        { type: 'StageCompleted', data: { stage: 'execute', output: { outcome: 'handed_off' } } },
        'StageStarted',
      );
  });

  test('a hand-over in the middle waits for its outcome, at the end it does not', () => {
    const { given, past } = runSpec({
      execute: {
        steps: [
          { id: 'a', dispatcher: 'manual' },
          { id: 'b', ...command },
        ],
      },
    });
    const waiting = given(past(begin('a')));
    expect(waiting.next()).toMatchObject({ type: 'wait', waiting: { for: 'outcome', id: effectId('a') } });
    expect(waiting.state).toMatchObject({ status: 'waiting', lease: null });
    const last = runSpec(two);
    last
      .given(last.past(begin('a'), done('a'), begin('b')))
      .when(handedOff('b'))
      .then(
        'EffectConfirmed',
        { type: 'StageCompleted', data: { output: { outcome: 'handed_off' } } },
        'StageStarted',
      );
  });

  test('await "dispatch" never waits, await "outcome" always does', () => {
    const dispatch = runSpec({
      execute: {
        steps: [
          { id: 'a', ...command, await: 'dispatch' },
          { id: 'b', ...command },
        ],
      },
    });
    expect(dispatch.given(dispatch.past(begin('a'), handedOff('a'))).next()).toMatchObject({
      effect: { kind: 'begin-step', step: 'b' },
    });
    const outcome = runSpec({ execute: { ...command, await: 'outcome' } });
    expect(outcome.given(outcome.past(begin(), handedOff())).next()).toMatchObject({
      type: 'wait',
      waiting: { for: 'outcome' },
    });
  });

  test('only the ops route carries the OPS: prefix, and only once', () => {
    const preview = (input: string, route?: string) => {
      const spec = runSpec(
        { execute: { dispatcher: 'manual', message: '{{task}}' } },
        { input, ...(route === undefined ? {} : { route }) },
      );
      const { state } = spec.given(spec.past());
      const approvalId = `A-${RUN}`;
      if (state.current !== 'execute') throw new Error('not there');
      const asked = spec.given(spec.past(begin())).state;
      return (
        asked.approvals.find((one) => one.approvalId === approvalId)?.covers[0]?.message ??
        asked.effects[0]?.preview
      );
    };
    expect(preview('restart it')).toBe('OPS: restart it');
    expect(preview('ops: OPS: restart it')).toBe('OPS: restart it');
    expect(preview('OPS: water the plants')).toBe('water the plants');
    expect(preview('  OPS :water the plants')).toBe('water the plants');
    expect(preview('water the plants', 'ops')).toBe('OPS: water the plants');
  });
});

describe('an end that is not success', () => {
  test('performed and failed: the run fails, without another attempt by itself', () => {
    const { given, past } = runSpec({ execute: { ...command, retry: { maxAttempts: 5, backoff: '1s' } } });
    given(past(begin()))
      .when(failed(true))
      .then(
        'EffectFailed',
        { type: 'StageFailed', data: { stage: 'execute', step: 'main' } },
        { type: 'RunFailed', data: { stage: 'execute', step: 'main' } },
      );
  });

  test('certainly not performed: tried again after a pause that doubles up to its limit', () => {
    const retry = { maxAttempts: 4, backoff: '10s', maxBackoff: '15s' };
    const spec = runSpec({ execute: { ...command, retry } });
    const first = spec
      .given(spec.past(begin()))
      .when(failed(false))
      .then({ type: 'EffectFailed', data: { retryAt: '2026-11-23T00:00:10.000Z' } });
    expect(first.next()).toEqual({ type: 'sleep', until: '2026-11-23T00:00:10.000Z' });
    expect(first.next('2026-11-23T00:00:10.000Z')).toMatchObject({
      effect: { kind: 'begin-step', step: 'main' },
    });
    // A retry wait keeps the lease: its owner sleeps.
    expect(first.state.lease).not.toBeNull();
    const second = first
      .when(begin())
      .then({ type: 'EffectIntended', data: { attempt: 2, key: `wf:${RUN}:execute.main:2` } });
    const third = second
      .when(failed(false, 'main', 2))
      .then({ type: 'EffectFailed', data: { retryAt: '2026-11-23T00:00:15.000Z' } })
      .when(begin())
      .then('EffectIntended')
      .when(failed(false, 'main', 3))
      .then({ type: 'EffectFailed', data: { retryAt: '2026-11-23T00:00:15.000Z' } });
    third
      .when(begin())
      .then('EffectIntended')
      .when(failed(false, 'main', 4))
      .then('EffectFailed', 'StageFailed', 'RunFailed');
  });

  test('a resumed step has all its attempts again', () => {
    const retry = { maxAttempts: 2, backoff: '1s' };
    const spec = runSpec({ execute: { ...command, retry } });
    const history = spec.past(begin(), failed(false), begin(), failed(false, 'main', 2), resumed, begin());
    spec
      .given(history)
      .when(failed(false, 'main', 3))
      .then({ type: 'EffectFailed', data: { retryAt: expect.any(String) } });
  });

  test('in doubt and not idempotent: the run waits for a person and does nothing', () => {
    const { given, past } = runSpec(one);
    const doubt = given(past(begin())).when(unknown()).then('EffectUnknown');
    expect(doubt.state).toMatchObject({
      status: 'waiting',
      waiting: { for: 'unknown-effect', id: effectId() },
      lease: null,
    });
    expect(doubt.next()).toMatchObject({ type: 'wait' });
    doubt.when(begin()).refused('not-leased');
    doubt.when(resumed).refused('not-continuable');
  });

  test('in doubt and idempotent: the very same act again, with the same key, a bounded number of times', () => {
    const spec = runSpec({
      execute: { ...command, idempotent: true, retry: { maxAttempts: 3, backoff: '1s' } },
    });
    const again = spec
      .given(spec.past(begin()))
      .when(unknown())
      .then({ type: 'EffectUnknown', data: { retryAt: '2026-11-23T00:00:01.000Z' } });
    expect(again.next('2026-11-23T00:00:01.000Z')).toMatchObject({
      effect: { kind: 'dispatch', effect: { key: `wf:${RUN}:execute.main:1` } },
    });
    again
      .when(unknown())
      .then({ type: 'EffectUnknown', data: { retryAt: '2026-11-23T00:00:02.000Z' } })
      .when(unknown())
      .then({ type: 'EffectFailed', data: { performed: true } }, 'StageFailed', 'RunFailed');
  });

  test('an idempotent step without retries is performed once more: that is what the word is for', () => {
    const spec = runSpec({ execute: { ...command, idempotent: true } });
    spec
      .given(spec.past(begin()))
      .when(unknown())
      .then('EffectUnknown')
      .when(unknown())
      .then('EffectFailed', 'StageFailed', 'RunFailed');
  });
});
