/** Where a definition asks, and what a yes, a no and no answer mean. */
import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';
import {
  type Ask,
  begin,
  command,
  done,
  effectId,
  RUN,
  resumed,
  runSpec,
  verified,
} from '../support/run-spec.ts';

const A = `A-${RUN}`;
const approve = (over: object = {}): Ask => ({
  type: 'Approve',
  approvalId: A,
  by: 'ada',
  isOwner: false,
  ...over,
});
const reject = (approvalId = A, reason?: string): Ask => ({
  type: 'Reject',
  approvalId,
  by: 'ada',
  ...(reason === undefined ? {} : { reason }),
});
const LATER = '2026-11-25T00:00:00.000Z';
const highRisk = { routes: [], fallback: { name: 'content', risk: 'high' } };

describe('before one step', () => {
  const steps = [
    { id: 'backup', ...command },
    { id: 'prune', ...command },
  ];
  const rule = { at: 'execute.prune', expiresIn: '12h', onExpire: 'skip', onReject: 'skip' };
  const { given, past } = runSpec({ execute: { steps }, approval: [rule] });
  const asked = [begin('backup'), done('backup'), begin('prune')] as const;

  test('the step that the rule names is asked about, whatever the risk; the others are not', () => {
    given(past(begin('backup'), done('backup')))
      .when(begin('prune'))
      .then({
        type: 'ApprovalRequested',
        data: {
          at: 'execute.prune',
          risk: 'low',
          covers: [{ step: 'prune' }],
          expiresAt: '2026-11-23T12:00:00.000Z',
        },
      });
  });

  test('when nobody decides in time the run goes on without it, and says so', () => {
    given(past(...asked))
      .when({ type: 'Expire', approvalId: A })
      .refused('approval-not-expired');
    given(past(...asked))
      .when(approve(), LATER)
      .refused('approval-expired');
    const expired = given(past(...asked))
      .when({ type: 'Expire', approvalId: A }, LATER)
      .then({ type: 'ApprovalExpired', data: { follows: 'skip' } });
    const { state } = expired.when(resumed, LATER).then(
      { type: 'RunResumed', data: { reason: 'expired' } },
      'RunLeased',
      {
        type: 'StageCompleted',
        data: { output: { steps: [{ outcome: 'done' }, { step: 'prune', outcome: 'skipped' }] } },
      },
      'StageStarted',
    );
    expect(state.skipped).toEqual(['prune']);
    expired.when(approve(), LATER).refused('approval-decided');
  });

  test('a no skips it as well, where the definition says so', () => {
    given(past(...asked))
      .when(reject())
      .then({ type: 'ApprovalRejected', data: { follows: 'skip' } })
      .when(resumed)
      .then('RunResumed', 'RunLeased', 'StageCompleted', 'StageStarted');
  });

  test('at high risk the other steps are asked about by the engine all the same', () => {
    const risky = runSpec({ execute: { steps }, approval: [rule], classify: highRisk });
    expect(risky.past(begin('backup')).at(-1)).toMatchObject({
      type: 'ApprovalRequested',
      data: { at: 'execute', covers: [{ step: 'backup' }] },
    });
  });
});

describe('when nobody decides', () => {
  const { given, past } = runSpec({
    execute: command,
    classify: highRisk,
    approval: [{ at: 'execute', when: { risk: 'high' }, expiresIn: '1h' }],
  });

  test('the run is cancelled, and nothing was dispatched', () => {
    const { state } = given(past(begin()))
      .when({ type: 'Expire', approvalId: A }, LATER)
      .then({ type: 'ApprovalExpired', data: { follows: 'cancel' } }, 'StageFailed', 'RunCancelled');
    expect(state).toMatchObject({ status: 'cancelled', effects: [] });
  });

  test('a rule for high risk asks about nothing else', () => {
    const low = runSpec({ execute: command, approval: [{ at: 'execute', when: { risk: 'high' } }] });
    expect(low.past(begin()).at(-1)?.type).toBe('EffectIntended');
  });
});

describe('before what is done with the work', () => {
  const actions = [{ id: 'blog', command: '/bin/blog' }];
  const files = [{ file: `artifacts/${RUN}/post.md`, sha256: 'a'.repeat(64) }];
  const changed = [{ file: `artifacts/${RUN}/post.md`, sha256: 'b'.repeat(64) }];
  const ask = (content = files): Ask => ({ ...begin('deliver.blog'), files: content }) as Ask;
  const { given, past } = runSpec({
    execute: command,
    classify: highRisk,
    verify: { requiredFiles: [], files: [{ path: '{{artifacts}}/post.md' }] },
    approval: [
      { at: 'deliver', show: ['{{artifacts}}/post.md'], by: ['owner', 'bea'], onReject: 'redo', maxRedo: 1 },
    ],
    deliver: { actions },
  });
  const waiting = [begin(), done(), verified, ask()] as const;

  test('the work itself is done without asking, for the definition says where it asks', () => {
    expect(given(past(begin(), done(), verified)).next()).toEqual({
      type: 'perform',
      effect: { kind: 'begin-step', step: 'deliver.blog', bind: [`artifacts/${RUN}/post.md`] },
    });
    expect(past(...waiting).at(-1)).toMatchObject({
      type: 'ApprovalRequested',
      data: { at: 'deliver', files, covers: [{ step: 'deliver.blog' }] },
    });
  });

  test('only who is named may say yes', () => {
    given(past(...waiting))
      .when(approve())
      .refused('approval-not-yours');
    given(past(...waiting))
      .when(approve({ isOwner: true }))
      .then('ApprovalGranted');
    given(past(...waiting))
      .when(approve({ by: 'bea' }))
      .then('ApprovalGranted');
  });

  test('a yes is a yes to these very bytes: one changed byte asks again', () => {
    const granted = past(...waiting, approve({ by: 'bea' }), resumed);
    given(granted)
      .when(ask())
      .then({ type: 'EffectIntended', data: { approvalId: A } });
    given(granted)
      .when(ask(changed))
      .then({ type: 'ApprovalRequested', data: { approvalId: `${A}.2`, files: changed } });
  });

  test('a no sends the work back with its reason, and what was done is done again', () => {
    const back = given(past(...waiting))
      .when(reject(A, 'too long'))
      .then({ type: 'ApprovalRejected', data: { follows: 'redo', reason: 'too long' } })
      .when(resumed)
      .then({ type: 'RunResumed', data: { reason: 'rejected' } }, 'RunLeased', {
        type: 'StageStarted',
        data: { stage: 'execute', attempt: 2 },
      });
    expect(back.next()).toMatchObject({ effect: { kind: 'begin-step', step: 'main' } });
    const again = past(...waiting, reject(A, 'too long'), resumed, begin());
    expect(again.at(-1)).toMatchObject({ type: 'EffectIntended', data: { effectId: effectId('main', 2) } });
  });

  test('sent back at high risk, all of the work is asked about again with one question', () => {
    const steps = [
      { id: 'a', ...command },
      { id: 'b', ...command },
    ];
    const rules = [{ at: 'execute' }, { at: 'deliver', onReject: 'redo' }];
    const spec = runSpec({ execute: { steps }, deliver: { actions }, approval: rules });
    const events = spec.past(
      begin('a'),
      approve(),
      resumed,
      begin('a'),
      done('a'),
      begin('b'),
      done('b'),
      verified,
      begin('deliver.blog'),
      reject(`${A}.2`, 'no'),
      resumed,
      begin('a'),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'ApprovalRequested',
      data: { at: 'execute', covers: [{ step: 'a' }, { step: 'b' }] },
    });
  });

  test('the reason reaches who does the work again', () => {
    const spec = runSpec({
      execute: { dispatcher: 'manual', await: 'outcome' },
      deliver: { actions },
      approval: [{ at: 'deliver', onReject: 'redo' }],
    });
    const report: Ask = { type: 'Report', status: 'ok', by: 'ada' };
    const events = spec.past(
      begin(),
      report,
      resumed,
      verified,
      begin('deliver.blog'),
      reject(A, 'too long'),
      resumed,
      begin(),
    );
    expect(events.findLast((event) => event.type === 'EffectIntended')?.data).toMatchObject({
      preview: expect.stringContaining('## Sent back\n- too long'),
    });
  });

  test('sent back too often, the run is cancelled', () => {
    const events = past(
      ...waiting,
      reject(A, 'too long'),
      resumed,
      begin(),
      done('main', 2),
      verified,
      ask(changed),
    );
    given(events)
      .when(reject(`${A}.2`, 'still too long'))
      .then('ApprovalRejected', 'StageFailed', 'RunCancelled');
  });
});

test('with four eyes, who started the run cannot approve it', () => {
  const spec = runSpec({ execute: command, approval: [{ at: 'execute', fourEyes: true }] });
  const start = { ...spec.start, by: 'ada' } as Ask;
  const asked = spec.pastFrom(start, begin());
  spec
    .given(asked)
    .when(approve({ by: 'ada', isOwner: true }))
    .refused('approval-four-eyes');
  spec
    .given(asked)
    .when(approve({ by: 'bea' }))
    .then('ApprovalGranted');
  spec
    .given(spec.past(begin()))
    .when(approve({ by: 'bea' }))
    .refused('approval-four-eyes');
});

test.each([
  [[{ at: 'execute.prun' }], 'approval.0.at'],
  [[{ at: 'deliver' }], 'approval.0.at'],
  [[{ at: 'verify' }], 'approval.0.at'],
  [[{ at: 'execute' }, { at: 'execute' }], 'approval.1.at'],
  [[{ at: 'execute', onReject: 'redo' }], 'approval.0.onReject'],
  [[{ at: 'execute', onExpire: 'skip' }], 'approval.0.onExpire'],
  [[{ at: 'execute', expiresIn: 'soon' }], 'approval.0.expiresIn'],
  [[{ at: 'execute', when: { route: 'ops' } }], 'approval.0.when.route'],
])('%j is an error where it stands', (approval, path) => {
  const steps = [{ id: 'prune', ...command }];
  const findings = checkDefinition({ $schema: 's', id: 'x', execute: { steps }, approval });
  expect(findings.map((finding) => [finding.severity, finding.path.join('.')])).toContainEqual([
    'error',
    path,
  ]);
});
