/** Where two rules meet: what a cancellation leaves behind, what "it happened" means, what rides along with a task. */
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/errors.ts';
import { evolveRunFold, noRunFold } from '../../src/projections/run-row.ts';
import { provisional } from '../../src/workflow/decide.ts';
import { classify } from '../../src/workflow/stages/classify.ts';
import { readInput } from '../../src/workflow/stages/intake.ts';
import { outputOf } from '../../src/workflow/state.ts';
import {
  type Ask,
  begin,
  command,
  handedOff,
  NOW,
  RUN,
  resumed,
  runSpec,
  unknown,
} from '../support/run-spec.ts';

const risky = { input: 'restart the server' };
const approve = (approvalId: string): Ask => ({ type: 'Approve', approvalId, by: 'me', isOwner: true });
const cancel: Ask = { type: 'Cancel', by: 'me' };
const sent: Ask = { type: 'Resolve', verdict: 'sent', by: 'me' };

describe('an approval that was overtaken', () => {
  test('cannot be granted later and become a spare yes', () => {
    const { given, past } = runSpec({ execute: command }, risky);
    const again = given(past(begin(), cancel, resumed, begin()));
    expect(again.state.approvals.map(({ status }) => status)).toEqual(['lapsed', 'pending']);
    again.when(approve(`A-${RUN}`)).refused('approval-decided');
    again.when(approve(`A-${RUN}.2`)).then('ApprovalGranted');
  });

  test('a yes that was not used before a cancellation does not outlive it', () => {
    const { given, past } = runSpec({ execute: command }, risky);
    const { state } = given(past(begin(), approve(`A-${RUN}`), cancel));
    expect(state.approvals.map(({ status }) => status)).toEqual(['lapsed']);
  });
});

describe('"it happened", said of a doubt', () => {
  test('makes a program that was to hand over handed off, and not done', () => {
    const { given, past } = runSpec({ execute: { ...command, await: 'dispatch' } });
    const { state } = given(past(begin(), unknown(), sent, resumed));
    expect(outputOf(state, 'execute')).toMatchObject({ outcome: 'handed_off' });
  });

  test('still waits for the outcome where later steps build on it', () => {
    const steps = [
      { id: 'a', dispatcher: 'command', ...command, await: 'outcome' },
      { id: 'b', dispatcher: 'command', ...command },
    ];
    const { given, past } = runSpec({ execute: { steps } });
    const { state } = given(past(begin('a'), unknown('a'), sent, resumed));
    expect(state).toMatchObject({ status: 'waiting', waiting: { for: 'outcome' }, lease: null });
  });

  test('a hand-over whose outcome was awaited is awaited again after a cancellation', () => {
    const steps = [
      { id: 'a', dispatcher: 'command', ...command, await: 'outcome' },
      { id: 'b', dispatcher: 'command', ...command },
    ];
    const { given, past } = runSpec({ execute: { steps } });
    const { state } = given(past(begin('a'), handedOff('a'), cancel, resumed));
    expect(state).toMatchObject({ status: 'waiting', waiting: { for: 'outcome' } });
  });
});

describe('what rides along with a task', () => {
  test.each([
    'OPS: tidy up',
    'ops : tidy up',
    '\u200BOPS: tidy up',
    'OPS\uFF1A tidy up',
    'OPS: OPS: tidy up',
  ])('the go-ahead in %j does not reach anybody, in the task, the input or a field', (task) => {
    const input = JSON.stringify({ task, note: task });
    const { given, past } = runSpec(
      { execute: { command: '/bin/x', args: ['--', '{{task}}', '{{input.note}}'] } },
      { input },
    );
    const due = given(past(begin())).next();
    expect(due).toMatchObject({ effect: { effect: { argv: ['/bin/x', '--', 'tidy up', 'tidy up'] } } });
  });

  test.each(['de\u200Blete all files', 'de\u00ADlete all', 'ｄｅｌｅｔｅ all', 'delete_all files'])(
    'a risky word written as %j is a risky word',
    (task) => {
      const { context } = runSpec({ execute: command });
      const input = readInput(task);
      if (isRefusal(input)) throw new Error(input.message);
      expect(classify(context.definition, input)).toMatchObject({ risk: 'high', highRiskWords: ['delete'] });
    },
  );

  test('every event that may carry words of the user has a salt in its data, and the state has none', () => {
    const { past, given } = runSpec({ execute: { dispatcher: 'manual' } });
    const events = past(begin());
    const carrying = events.filter((event) =>
      ['StageCompleted', 'EffectIntended', 'RunStarted'].includes(event.type),
    );
    expect(carrying.length).toBeGreaterThan(4);
    for (const { data } of carrying) expect(data).toHaveProperty('salt');
    expect(JSON.stringify(given(events).state)).not.toContain('salt');
  });
});

test('a no of a person is not counted as a failure of the work', () => {
  const { past } = runSpec({ execute: command }, risky);
  const events = past(begin(), { type: 'Reject', approvalId: `A-${RUN}`, by: 'me' });
  const fold = events.reduce(
    (before, event, i) =>
      evolveRunFold(before, { ...provisional(event, before.state, NOW), seq: i + 1, id: `${i}` }),
    noRunFold,
  );
  expect(fold.state.status).toBe('cancelled');
  expect(fold.executeFailures).toBe(0);
});
