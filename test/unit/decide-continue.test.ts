/** When a run that stopped goes on, and why: the log alone decides, whoever asks. */
import { describe, expect, test } from 'vitest';
import {
  type Ask,
  begin,
  command,
  done,
  effectId,
  failed,
  handedOff,
  resumed,
  runSpec,
  unknown,
  verified,
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
const reason = (why: string) => ({ type: 'RunResumed', data: { reason: why } });

describe('Start', () => {
  test('decides as far as nothing of the world is needed, in one commit with the lease', () => {
    const { given, past, start } = runSpec(one);
    const { state } = given([])
      .when(start)
      .then(
        'RunStarted',
        'RunLeased',
        ...['intake', 'classify', 'plan', 'configure_tools'].flatMap((stage) => [
          { type: 'StageStarted', data: { stage } },
          { type: 'StageCompleted', data: { stage } },
        ]),
        { type: 'StageStarted', data: { stage: 'execute' } },
      );
    expect(state.lease?.epoch).toBe(2);
    given(past()).when(start).refused('run-exists');
  });

  test('what an owner decides carries its epoch', () => {
    const { past } = runSpec(one);
    const events = past(begin(), done());
    expect(
      events.filter(({ type }) => type === 'RunStarted' || type === 'RunLeased').map(({ meta }) => meta),
    ).toEqual([undefined, undefined]);
    expect(events.slice(2).every((event) => event.meta?.epoch === 2)).toBe(true);
  });
});

describe('Continue', () => {
  test('of a run whose owner is gone begins a new epoch and repeats nothing', () => {
    const { given, past } = runSpec(two);
    const again = given(past(begin('a'), done('a')))
      .when(resumed)
      .then(reason('owner-gone'), 'RunLeased');
    expect(again.next()).toMatchObject({ effect: { kind: 'begin-step', step: 'b' } });
  });

  test('with an open intent of the old owner looks before it acts', () => {
    const { given, past } = runSpec(one);
    const again = given(past(begin())).when(resumed).then('RunResumed', 'RunLeased');
    expect(again.next()).toMatchObject({ effect: { kind: 'recover', intended: { effectId: effectId() } } });
  });

  test('of a failed run goes on at the failed stage, with a new attempt of its step', () => {
    const { given, past } = runSpec(two);
    const again = given(past(begin('a'), done('a'), begin('b'), failed(true, 'b')))
      .when(resumed)
      .then(reason('requested'), 'RunLeased', {
        type: 'StageStarted',
        data: { stage: 'execute', attempt: 2 },
      });
    expect(again.state).toMatchObject({ status: 'running', error: null, outcome: null });
    again.when(begin('b')).then({ type: 'EffectIntended', data: { attempt: 2 } });
  });

  test('of a run that failed in verify only looks again', () => {
    const { given, past } = runSpec(one);
    const missing: Ask = { type: 'Verified', checks: [{ file: 'x', exists: false }] };
    const again = given(past(begin(), done(), missing))
      .when(resumed)
      .then('RunResumed', 'RunLeased', { type: 'StageStarted', data: { stage: 'verify', attempt: 2 } });
    expect(again.next()).toMatchObject({ effect: { kind: 'verify' } });
  });

  test('of a completed, a handed-off and a waiting run is refused', () => {
    const single = runSpec(one);
    single
      .given(single.past(begin(), done(), verified))
      .when(resumed)
      .refused('not-continuable');
    single.given(single.past(begin(), unknown())).when(resumed).refused('not-continuable');
    single.given([]).when(resumed).refused('run-unknown');
    const queued = runSpec({});
    queued.given(queued.past(begin(), verified)).when(resumed).refused('not-continuable');
  });

  test('with another definition records it, and the run is pinned to that one from then on', () => {
    const { given, past } = runSpec(one);
    const { state } = given(past(begin(), failed(true)))
      .when({ ...resumed, adopt: 'f'.repeat(64) } as typeof resumed)
      .then('RunResumed', { type: 'DefinitionAdopted' }, 'RunLeased', 'StageStarted');
    expect(state.definitionHash).toBe('f'.repeat(64));
  });
});

describe('an untouched task', () => {
  const withdraw = {
    type: 'WithdrawTask',
    effectId: effectId(),
    owner: { host: 'h', bootId: 'b', pid: 9, pidStart: 's' },
    by: 'resume',
  } as const;

  test('is taken back and dispatched as a new attempt', () => {
    const { given, past } = runSpec({});
    const again = given(past(begin(), verified))
      .when(withdraw)
      .then('TaskWithdrawn', reason('task-withdrawn'), 'RunLeased', 'StageStarted');
    expect(again.state.effects[0]?.status).toBe('withdrawn');
    again
      .when(begin())
      .then(
        { type: 'EffectIntended', data: { attempt: 2 } },
        'EffectConfirmed',
        'StageCompleted',
        'StageStarted',
      );
  });

  test('cannot be taken back once somebody reported on it, nor can a job that was handed over', () => {
    const queued = runSpec({});
    queued
      .given(queued.past(begin(), verified, { type: 'Report', status: 'ok', by: 'me' }))
      .when(withdraw)
      .refused('task-touched');
    const job = runSpec(one);
    job
      .given(job.past(begin(), handedOff(), verified))
      .when(withdraw)
      .refused('task-touched');
  });
});
