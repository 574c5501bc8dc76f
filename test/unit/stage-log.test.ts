/** log is the end of a run, with the analysis where the definition wants it. */
import { expect, test } from 'vitest';
import { begin, command, done, RUN, runSpec, verified } from '../support/run-spec.ts';

test('a handed-over run ends as handed off, naming its tasks', () => {
  const { given, past } = runSpec({});
  const { state } = given(past(begin()))
    .when(verified)
    .then('StageCompleted', 'StageStarted', 'StageCompleted', 'StageStarted', 'StageCompleted', {
      type: 'RunHandedOff',
      data: { taskIds: [`T-${RUN}`] },
    });
  expect(state).toMatchObject({ status: 'handed_off', outcome: 'handed_off' });
});

test('where selfImprove is on, log waits for the analysis, whose failure fails nothing', () => {
  const { given, past } = runSpec({ execute: command, selfImprove: { enabled: true } });
  const waiting = given(past(begin(), done(), verified));
  expect(waiting.next()).toEqual({ type: 'perform', effect: { kind: 'analyse' } });
  const { state } = waiting
    .when({ type: 'Analysed', output: { suggestions: 0, applied: [], error: 'index is gone' } })
    .then({ type: 'StageCompleted', data: { stage: 'log' } }, 'RunCompleted');
  expect(state.status).toBe('completed');
});
