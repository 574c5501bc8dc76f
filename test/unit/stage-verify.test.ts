/** verify: the work's files once the work is done, the hand-over's files while it is not. */
import { expect, test } from 'vitest';
import { judgeOutcome } from '../../src/workflow/stages/verify.ts';
import { begin, command, done, NOW, RUN, runSpec } from '../support/run-spec.ts';

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
      files: [
        { file: `artifacts/${RUN}/post.md` },
        { file: `state/runs/${RUN}.json` },
        { file: '/srv/ada.txt' },
      ],
    },
  });
});

test('a hand-over is checked for its brief and the run record only', () => {
  const { given, past } = runSpec({ verify: { requiredFiles } }, { input });
  expect(given(past(begin())).next()).toMatchObject({
    effect: {
      kind: 'verify',
      mode: 'hand-over',
      files: [{ file: `state/runs/${RUN}.json` }, { file: `tasks/T-${RUN}.md` }],
    },
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

test('a rule about a file asks that it changed since the first act of this very run', () => {
  const files = [{ path: '{{artifacts}}/post.md', fresh: true, minBytes: 10, contains: ['http'] }];
  const { given, past } = runSpec({ execute: command, verify: { requiredFiles: [], files } });
  const rule = { minBytes: 10, contains: ['http'], notContains: [], json: false, changedSince: NOW };
  expect(given(past(begin(), done())).next()).toMatchObject({
    effect: { kind: 'verify', files: [{ file: `artifacts/${RUN}/post.md`, rule }] },
  });
});

test('a file that is there and is not as it should be fails the stage, with what is wrong with it', () => {
  const { given, past } = runSpec({ execute: command });
  const checks = [{ file: 'a.md', exists: true, failed: ['is not JSON', 'contains "TODO"'] }];
  given(past(begin(), done()))
    .when({ type: 'Verified', checks })
    .then(
      { type: 'StageFailed', data: { error: { message: 'a.md is not JSON, contains "TODO"' } } },
      'RunFailed',
    );
});

test('an "ok" whose words say that nothing was done is a failure', () => {
  const outcome = { notEmpty: true, failOn: ['I was unable to'] };
  const { given, past } = runSpec({ execute: command, verify: { outcome } });
  const confirmed = done();
  const said = { ...confirmed, result: { ...('result' in confirmed ? confirmed.result : {}), stdout: 'no' } };
  expect(given(past(begin(), said as typeof confirmed)).next()).toMatchObject({
    effect: { outcome: { texts: ['no'], ...outcome } },
  });
  given(past(begin(), done()))
    .when({ type: 'Verified', checks: [], outcome: { ok: false, problem: 'is empty' } })
    .then({ type: 'StageFailed', data: { error: { message: 'the answer is empty' } } }, 'RunFailed');
});

test.each([
  [['done'], true],
  [['', 'fine'], true],
  [['fine', ' \n'], false],
  [['Sorry, I was  UNABLE\nto reach it', 'fine'], false],
  [['I can’t do it'], false],
])('what came back, %j, is judged %s', (texts, ok) => {
  expect(judgeOutcome(texts, { notEmpty: true, failOn: ['I was unable to', "I can't"] }).ok).toBe(ok);
});
