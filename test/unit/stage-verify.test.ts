/** verify: the work's files once the work is done, the hand-over's files while it is not. */
import { expect, test } from 'vitest';
import { begin, command, done, RUN, runSpec } from '../support/run-spec.ts';

const requiredFiles = [
  '{{artifacts}}/post.md',
  '{{home}}/state/runs/{{runId}}.json',
  '/srv/{{input.who}}.txt',
];
const input = '{"task":"write a post","who":"ada"}';

test('done work is checked for the files the definition requires', () => {
  const { given, past } = runSpec({ execute: command, verify: { requiredFiles } }, { input });
  expect(given(past(begin(), done())).next()).toEqual({
    type: 'perform',
    effect: {
      kind: 'verify',
      mode: 'work',
      files: [`artifacts/${RUN}/post.md`, `state/runs/${RUN}.json`, '/srv/ada.txt'],
    },
  });
});

test('a hand-over is checked for its brief and the run record only', () => {
  const { given, past } = runSpec({ verify: { requiredFiles } }, { input });
  expect(given(past(begin())).next()).toMatchObject({
    effect: { kind: 'verify', mode: 'hand-over', files: [`state/runs/${RUN}.json`, `tasks/T-${RUN}.md`] },
  });
});

test('what is missing fails the stage and is named; the rest is not', () => {
  const { given, past } = runSpec({ execute: command });
  const checks = [
    { file: 'a.md', exists: false },
    { file: 'b.md', exists: true },
  ];
  given(past(begin(), done()))
    .when({ type: 'Verified', checks })
    .then(
      { type: 'StageFailed', data: { stage: 'verify', error: { message: 'missing: a.md' }, checks } },
      'RunFailed',
    );
});

test('when all is there the run goes on to deliver and log, and is completed', () => {
  const { given, past } = runSpec({ execute: command });
  const { state } = given(past(begin(), done()))
    .when({ type: 'Verified', checks: [{ file: 'a.md', exists: true }] })
    .then('StageCompleted', 'StageStarted', 'StageCompleted', 'StageStarted', 'StageCompleted', {
      type: 'RunCompleted',
      data: { outcome: 'done' },
    });
  expect(state).toMatchObject({ status: 'completed', outcome: 'done', lease: null });
});
