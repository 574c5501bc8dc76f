/** Facts that anybody may add to a run: reports, verdicts, cancellations. None of them does the work of an owner. */
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
const manual = { execute: { dispatcher: 'manual' } };
const report = (over: Partial<Extract<Ask, { type: 'Report' }>> = {}): Ask => ({
  type: 'Report',
  status: 'ok',
  text: 'done',
  by: 'me',
  ...over,
});
const resolve = (verdict: 'sent' | 'not-sent'): Ask => ({ type: 'Resolve', verdict, by: 'me' });
const cancel: Ask = { type: 'Cancel', by: 'me' };

describe('a report', () => {
  test('carries no epoch, and the run is continued by a lease of its own', () => {
    const { given, past } = runSpec(manual);
    const reported = given(past(begin(), verified)).when(report()).then('OutcomeReported');
    expect(past(begin(), verified, report()).at(-1)?.meta).toBeUndefined();
    expect(reported.state.status).toBe('handed_off');
    const again = reported
      .when(resumed)
      .then(
        { type: 'RunResumed', data: { reason: 'reported' } },
        'RunLeased',
        'StageStarted',
        { type: 'StageCompleted', data: { stage: 'execute', output: { outcome: 'done' } } },
        'StageStarted',
      );
    again
      .when(verified)
      .then(
        'StageCompleted',
        'StageStarted',
        'StageCompleted',
        'StageStarted',
        'StageCompleted',
        'RunCompleted',
      );
  });

  test('the same again adds nothing, another one is refused, also after the end', () => {
    const { given, past } = runSpec(manual);
    const reported = given(past(begin(), verified, report()));
    reported.when(report()).then();
    reported.when(report({ text: 'other' })).refused('report-differs');
    const over = given(past(begin(), verified, report(), resumed, verified));
    expect(over.state.status).toBe('completed');
    over.when(report()).then();
    over.when(report({ status: 'error' })).refused('report-differs');
  });

  test('needs the nonce of the newest attempt, if one is given', () => {
    const { given, past } = runSpec(manual);
    given(past(begin(), verified))
      .when(report({ nonce: 'nope' }))
      .refused('nonce-wrong');
    given(past(begin(), verified))
      .when(report({ nonce: 'nonce1' }))
      .then({ type: 'OutcomeReported', data: { withNonce: true } });
  });

  test('that comes before the dispatch has ended counts when it has', () => {
    const { given, past } = runSpec(one);
    const early = given(past(begin())).when(report()).then('OutcomeReported');
    expect(early.state.effects[0]?.status).toBe('intended');
    const { state } = early
      .when(handedOff())
      .then(
        'EffectConfirmed',
        { type: 'StageCompleted', data: { output: { outcome: 'done' } } },
        'StageStarted',
      );
    expect(state.effects[0]?.status).toBe('done');
  });

  test('ends a doubt only with the nonce, which proves that the brief arrived', () => {
    const spec = runSpec({}, { connected: { openclaw: {} } });
    const doubt = spec.given(spec.past(begin(), unknown()));
    doubt.when(report()).refused('in-doubt');
    doubt
      .when(report({ nonce: 'nonce1' }))
      .then('OutcomeReported')
      .when(resumed)
      .then(
        { type: 'RunResumed', data: { reason: 'reported' } },
        'RunLeased',
        'StageCompleted',
        'StageStarted',
      );
  });

  test('on what is done, failed or not begun is refused by name', () => {
    const { given, past } = runSpec(one);
    given(past()).when(report()).refused('nothing-to-report');
    given(past(begin(), done(), verified))
      .when(report())
      .refused('run-over');
    given(past(begin(), failed(true)))
      .when(report())
      .refused('run-over');
    given(past())
      .when(report({ step: 'nope' }))
      .refused('nothing-to-report');
  });

  test('of an error fails the run at the reported step', () => {
    const { given, past } = runSpec(manual);
    given(past(begin(), verified, report({ status: 'error' })))
      .when(resumed)
      .then(
        'RunResumed',
        'RunLeased',
        { type: 'StageStarted', data: { stage: 'execute', attempt: 2 } },
        {
          type: 'StageFailed',
          data: { stage: 'execute', attempt: 2, step: 'main', error: { code: 'reported-error' } },
        },
        { type: 'RunFailed', data: { step: 'main' } },
      );
  });

  test('of one of two handed-over steps leaves the run with the other', () => {
    const steps = [
      { id: 'a', dispatcher: 'manual', await: 'dispatch' },
      { id: 'b', dispatcher: 'manual' },
    ];
    const { given, past } = runSpec({ execute: { steps } });
    const history = [begin('a'), begin('b'), verified];
    given(past(...history, report({ step: 'a' })))
      .when(resumed)
      .refused('not-continuable');
    given(past(...history, report({ step: 'a' }), report({ step: 'b' })))
      .when(resumed)
      .then('RunResumed', 'RunLeased', 'StageStarted', 'StageCompleted', 'StageStarted');
    // Without a step the one that waits is meant: the first, then the second.
    given(past(...history, report()))
      .when(report({ text: 'the other' }))
      .then({ type: 'OutcomeReported', data: { effectId: effectId('b') } });
  });
});

describe('a verdict on a doubt', () => {
  test('sent: it counts as done, and nothing is performed', () => {
    const { given, past } = runSpec(one);
    given(past(begin(), unknown()))
      .when(resolve('sent'))
      .then('EffectResolved')
      .when(resumed)
      .then(
        { type: 'RunResumed', data: { reason: 'resolved' } },
        'RunLeased',
        { type: 'StageCompleted', data: { stage: 'execute' } },
        'StageStarted',
      );
  });

  test('not sent: a new attempt at once, under a new key', () => {
    const { given, past } = runSpec(one);
    const again = given(past(begin(), unknown(), resolve('not-sent')))
      .when(resumed)
      .then('RunResumed', 'RunLeased');
    expect(again.next()).toMatchObject({ effect: { kind: 'begin-step' } });
    again.when(begin()).then({ type: 'EffectIntended', data: { attempt: 2 } });
  });

  test('where nothing is in doubt, and a second one, are refused', () => {
    const { given, past } = runSpec(one);
    given(past()).when(resolve('sent')).refused('nothing-in-doubt');
    given(past(begin())).when(resolve('sent')).refused('nothing-in-doubt');
    given(past(begin(), unknown(), resolve('sent')))
      .when(resolve('not-sent'))
      .refused('nothing-in-doubt');
  });
});

describe('cancel', () => {
  test('ends the running stage and the run; a task nobody has done is taken back', () => {
    const { given, past } = runSpec(one);
    given(past())
      .when(cancel)
      .then(
        { type: 'StageFailed', data: { stage: 'execute', error: { code: 'cancelled' } } },
        'RunCancelled',
      );
    const queued = runSpec({
      execute: {
        steps: [
          { id: 'a', dispatcher: 'manual' },
          { id: 'b', ...command },
        ],
      },
    });
    const { state } = queued
      .given(queued.past(begin('a')))
      .when(cancel)
      .then('TaskWithdrawn', 'StageFailed', 'RunCancelled');
    expect(state).toMatchObject({ status: 'cancelled', lease: null, waiting: null });
  });

  test('of a run that is over is refused', () => {
    const { given, past } = runSpec(one);
    given(past(begin(), done(), verified))
      .when(cancel)
      .refused('run-over');
    given(past(cancel)).when(cancel).refused('run-over');
  });

  test('meanwhile, the act that was at work is still recorded, and nothing follows from it', () => {
    const { given, past } = runSpec(one);
    const { state } = given(past(begin(), cancel)).when(done()).then('EffectConfirmed');
    expect(state.status).toBe('cancelled');
    given(past(begin(), cancel)).when(unknown()).then('EffectUnknown');
    given(past(begin(), cancel)).when(failed(false)).then('EffectFailed');
    given(past(begin(), cancel)).when(begin()).refused('not-leased');
  });

  test('in doubt, and resumed, it is in doubt still: nothing is repeated', () => {
    const { given, past } = runSpec(one);
    const again = given(past(begin(), unknown(), cancel))
      .when(resumed)
      .then('RunResumed', 'RunLeased', 'StageStarted', 'EffectUnknown');
    expect(again.next()).toMatchObject({ type: 'wait', waiting: { for: 'unknown-effect' } });
  });

  test('after a hand-over can be taken up again with a new attempt', () => {
    const { given, past } = runSpec({});
    given(past(begin(), verified, cancel))
      .when(resumed)
      .then('RunResumed', 'RunLeased', { type: 'StageStarted', data: { stage: 'execute', attempt: 2 } })
      .when(begin())
      .then(
        { type: 'EffectIntended', data: { attempt: 2 } },
        'EffectConfirmed',
        'StageCompleted',
        'StageStarted',
      );
  });
});
