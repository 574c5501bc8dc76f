/** deliver decides the path of the summary and nothing else; log is the end, with the analysis where it is wanted. */
import { expect, test } from 'vitest';
import { outputOf } from '../../src/workflow/state.ts';
import { begin, command, done, RUN, runSpec, verified } from '../support/run-spec.ts';

test('the summary stands in outbox/ unless the definition says otherwise', () => {
  const plain = runSpec({ execute: command });
  expect(outputOf(plain.given(plain.past(begin(), done(), verified)).state, 'deliver')).toEqual({
    summaryFile: `outbox/${RUN}.md`,
  });
  const other = runSpec({
    execute: command,
    deliver: { summaryFile: '/srv/{{route}}/{{date}}-{{runId}}.md' },
  });
  expect(outputOf(other.given(other.past(begin(), done(), verified)).state, 'deliver')).toEqual({
    summaryFile: `/srv/general/2026-11-23-${RUN}.md`,
  });
});

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
