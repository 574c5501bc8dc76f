/** The hard gate: at high risk nothing is dispatched without a yes to exactly that, and a yes is used up by its act. */
import { describe, expect, test } from 'vitest';
import {
  type Ask,
  begin,
  command,
  done,
  failed,
  RUN,
  resumed,
  runSpec,
  unknown,
  verified,
} from '../support/run-spec.ts';

const risky = { input: 'restart the server' };
const one = { execute: command };
const A = `A-${RUN}`;
const approve = (approvalId = A): Ask => ({ type: 'Approve', approvalId, by: 'me', isOwner: true });
const reject = (approvalId = A): Ask => ({ type: 'Reject', approvalId, by: 'me', reason: 'no' });

describe('high risk', () => {
  test('is asked about before anything is intended', () => {
    const { given, past } = runSpec(one, risky);
    const asked = given(past())
      .when(begin())
      .then({ type: 'ApprovalRequested', data: { approvalId: A, risk: 'high' } });
    expect(asked.state).toMatchObject({
      effects: [],
      status: 'waiting',
      waiting: { for: 'approval', id: A },
      lease: null,
    });
    expect(asked.next()).toMatchObject({ type: 'wait' });
    asked.when(begin()).refused('not-leased');
    asked.when(resumed).refused('not-continuable');
  });

  test('says why, and what exactly would be dispatched', () => {
    const { given, past } = runSpec(
      { execute: { dispatcher: 'manual', message: '{{task}} {{effectKey}}' } },
      risky,
    );
    const { state } = given(past(begin()));
    expect(state.approvals[0]).toMatchObject({
      reasons: ['route ops because of "restart"', 'high-risk words: "restart"'],
      covers: [{ step: 'main', dispatcher: 'manual', message: 'OPS: restart the server ' }],
    });
  });

  test('once approved is dispatched under that approval', () => {
    const { given, past } = runSpec(one, risky);
    given(past(begin()))
      .when(approve())
      .then('ApprovalGranted')
      .when(resumed)
      .then({ type: 'RunResumed', data: { reason: 'approved' } }, 'RunLeased')
      .when(begin())
      .then({ type: 'EffectIntended', data: { approvalId: A } });
  });

  test('rejected is cancelled, and asks anew when it is taken up after all', () => {
    const { given, past } = runSpec(one, risky);
    const rejected = given(past(begin()))
      .when(reject())
      .then(
        'ApprovalRejected',
        { type: 'StageFailed', data: { stage: 'execute', error: { code: 'rejected' } } },
        'RunCancelled',
      );
    expect(rejected.state.effects).toEqual([]);
    rejected.when(approve()).refused('approval-decided');
    rejected
      .when(resumed)
      .then('RunResumed', 'RunLeased', 'StageStarted')
      .when(begin())
      .then({ type: 'ApprovalRequested', data: { approvalId: `${A}.2` } });
  });

  test('cannot be approved twice, under another id, or after the run was cancelled', () => {
    const { given, past } = runSpec(one, risky);
    given(past(begin(), approve())).when(approve()).refused('approval-decided');
    given(past(begin())).when(approve('A-other')).refused('approval-unknown');
    given(past(begin(), { type: 'Cancel', by: 'me' }))
      .when(approve())
      .refused('run-over');
    given(past()).when(approve()).refused('approval-unknown');
  });
});

describe('what a yes covers', () => {
  const retry = { ...command, retry: { maxAttempts: 1, backoff: '1s' } };

  test('later attempts, while all earlier ones were certainly not performed', () => {
    const { given, past } = runSpec({ execute: retry }, risky);
    const history = [begin(), approve(), resumed, begin(), failed(false), resumed];
    given(past(...history))
      .when(begin())
      .then({ type: 'EffectIntended', data: { approvalId: A, attempt: 2 } });
  });

  test('not an attempt after one that was performed', () => {
    const { given, past } = runSpec({ execute: retry }, risky);
    const history = [begin(), approve(), resumed, begin(), failed(true), resumed];
    given(past(...history))
      .when(begin())
      .then({ type: 'ApprovalRequested', data: { approvalId: `${A}.2` } });
  });

  test('an attempt after a doubt only when a person said that it did not happen', () => {
    const { given, past } = runSpec(one, risky);
    const history: Ask[] = [
      begin(),
      approve(),
      resumed,
      begin(),
      unknown(),
      { type: 'Resolve', verdict: 'not-sent', by: 'me' },
      resumed,
    ];
    given(past(...history))
      .when(begin())
      .then({ type: 'EffectIntended', data: { approvalId: A, attempt: 2 } });
  });

  test('all steps of the run, each once', () => {
    const { given, past } = runSpec(
      {
        execute: {
          steps: [
            { id: 'a', ...command },
            { id: 'b', ...command },
          ],
        },
      },
      risky,
    );
    const history = [begin('a'), approve(), resumed, begin('a'), done('a')];
    given(past(...history))
      .when(begin('b'))
      .then({ type: 'EffectIntended', data: { approvalId: A } });
    given(past(...history, begin('b'), done('b')))
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

  test('not a definition that was taken on afterwards', () => {
    const { given, past } = runSpec({ execute: retry }, risky);
    const adopted = { ...resumed, adopt: 'f'.repeat(64) } as Ask;
    const again = given(past(begin(), approve(), resumed, begin(), failed(false), adopted));
    expect(again.state.approvals[0]?.status).toBe('lapsed');
    again.when(begin()).then({ type: 'ApprovalRequested', data: { approvalId: `${A}.2` } });
  });

  test('not another receiver: what is connected meanwhile asks again', () => {
    const before = runSpec({}, risky);
    const history = before.past(begin(), approve(), resumed);
    const now = runSpec({}, { ...risky, connected: { openclaw: {} } });
    now.given(history).when(begin()).then('ApprovalRequested');
    before
      .given(history)
      .when(begin())
      .then('EffectIntended', 'EffectConfirmed', 'StageCompleted', 'StageStarted');
  });

  test('a grant for other bytes than were asked about grants nothing', () => {
    const { given, past } = runSpec(one, risky);
    const forged = {
      type: 'ApprovalGranted',
      data: { approvalId: A, binding: 'e'.repeat(64), by: 'x', via: 'terminal' },
    } as const;
    const { state } = given([...past(begin()), forged]);
    expect(state.approvals[0]?.status).toBe('pending');
  });
});
