/** `wf report`: work is handed in, once, by who was given it; then the run goes on to its end. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Answered, expectHealthy, sh, type WfRunner, wfRunner } from '../support/wf.ts';

const queue = async (runner: WfRunner, input = 'write a blog') => {
  const queued = await runner.json(['run', 'autonomous-e2e', '--input', input]);
  expect(queued).toMatchObject({ code: 0, run: { status: 'handed_off' } });
  const brief = readFileSync(queued.run.tasks[0]?.brief ?? '', 'utf8');
  const nonce = /--nonce (\S+)/.exec(brief)?.[1] ?? '';
  expect(nonce).not.toBe('');
  return {
    runId: queued.run.runId,
    taskId: queued.run.tasks[0]?.taskId ?? '',
    nonce,
    summaryFile: queued.run.summaryFile ?? '',
  };
};
const summaryOf = (answered: Answered): string => readFileSync(answered.run.summaryFile ?? '', 'utf8');

describe('a report', () => {
  test('with the brief’s nonce completes the run, and its words are in the summary', async () => {
    const runner = wfRunner();
    const { taskId, nonce, summaryFile } = await queue(runner);
    expect(readFileSync(summaryFile, 'utf8')).toContain('handed_off');
    writeFileSync(runner.path('post.md'), '# BIM\n\nThe whole post.\n');
    const done = await runner.json([
      'report',
      taskId,
      '--status',
      'ok',
      '--file',
      runner.path('post.md'),
      '--nonce',
      nonce,
    ]);
    expect(done).toMatchObject({ code: 0, answer: 'ended', run: { status: 'completed', outcome: 'done' } });
    expect(summaryOf(done)).toContain('The whole post.');
    const attempts = Object.fromEntries(done.run.stages.map((stage) => [stage.name, stage.attempts]));
    expect(attempts).toMatchObject({ intake: 1, plan: 1, verify: 2, deliver: 2, log: 2 });
  });

  test('with another nonce is refused and changes nothing', async () => {
    const runner = wfRunner();
    const { taskId } = await queue(runner);
    const refused = await runner.json(['report', taskId, '--text', 'x', '--nonce', 'wrong']);
    expect(refused).toMatchObject({ code: 4, error: { code: 'nonce-wrong' } });
    expect(runner.types()).not.toContain('OutcomeReported');
  });

  test('the same again succeeds and adds nothing; another one is refused', async () => {
    const runner = wfRunner();
    const { taskId } = await queue(runner);
    expect(await runner.json(['report', taskId, '--text', 'done'])).toMatchObject({ code: 0 });
    expect(await runner.json(['report', taskId, '--text', 'done'])).toMatchObject({
      code: 0,
      run: { status: 'completed' },
    });
    expect(await runner.json(['report', taskId, '--text', 'other'])).toMatchObject({
      code: 4,
      error: { code: 'report-differs' },
    });
    expect(await runner.json(['report', taskId, '--status', 'error', '--text', 'done'])).toMatchObject({
      code: 4,
    });
    expect(runner.types().filter((type) => type === 'OutcomeReported')).toHaveLength(1);
  });

  test('that it could not be done fails the run, which can be taken up again', async () => {
    const runner = wfRunner();
    const { runId, taskId } = await queue(runner);
    const failed = await runner.json([
      'report',
      taskId,
      '--status',
      'error',
      '--text',
      'no access to the sources',
    ]);
    expect(failed).toMatchObject({
      code: 5,
      run: { status: 'failed', outcome: 'failed', error: { code: 'reported-error' } },
    });
    expect(summaryOf(failed)).toContain('no access to the sources');
    const again = await runner.json(['resume', runId]);
    expect(again).toMatchObject({ code: 0, run: { status: 'handed_off' } });
    // A new attempt has a new brief, and the old one's nonce no longer speaks for it.
    expect(await runner.json(['report', runId, '--text', 'done'])).toMatchObject({
      code: 0,
      run: { status: 'completed' },
    });
  });

  test('on something that is not with anybody is refused by name', async () => {
    const runner = wfRunner();
    runner.define({ id: 'done', execute: sh('true') });
    const done = await runner.json(['run', 'done', '--input', 'x']);
    expect(await runner.json(['report', done.run.runId])).toMatchObject({ code: 4 });
    const asks = await runner.json(['run', 'autonomous-e2e', '--input', 'restart it']);
    expect(await runner.json(['report', asks.run.runId])).toMatchObject({
      code: 4,
      error: { code: 'nothing-to-report' },
    });
    expect(await runner.json(['report', 'T-01AAAAAAAAAAAAAAAAAAAAAAAA'])).toMatchObject({ code: 3 });
    expect(await runner.json(['report', 'T-../../x'])).toMatchObject({ code: 2 });
    expect(await runner.json(['report', 'last', '--text', 'a', '--file', 'b'])).toMatchObject({ code: 2 });
    expect(await runner.json(['report', 'last', '--file', 'no-such-file'])).toMatchObject({ code: 2 });
  });

  test('of several megabytes, from standard input, is kept whole', async () => {
    const runner = wfRunner();
    const { taskId } = await queue(runner);
    const text = `${'long line of the result\n'.repeat(100_000)}the end`;
    const done = await runner.json(['report', taskId, '--file', '-'], { input: text });
    expect(done).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(summaryOf(done)).toContain('the end');
    await expectHealthy(runner);
  });
});

describe('steps that build on work of others', () => {
  const brand = (runner: WfRunner): void =>
    runner.define({
      id: 'brand',
      execute: {
        steps: [
          { id: 'draft.v1', dispatcher: 'manual' },
          { id: 'publish', ...sh('echo published >> "$HOME/count"') },
        ],
      },
    });

  test('wait for its outcome, and go on once it is reported', async () => {
    const runner = wfRunner();
    brand(runner);
    const waiting = await runner.json(['run', 'brand', '--input', 'write a post']);
    expect(waiting).toMatchObject({ code: 6, run: { status: 'waiting', waiting: { for: 'outcome' } } });
    expect(summaryOf(waiting)).toContain('waiting');
    expect(runner.lines('count')).toEqual([]);
    expect(waiting.run.tasks[0]?.taskId).toBe(`T-${waiting.run.runId}.draft.v1`);
    expect(await runner.json(['run', 'brand', '--input', 'write a post'])).toMatchObject({ code: 6 });
    const other = await runner.json(['report', `T-${waiting.run.runId}.publish`, '--text', 'x']);
    expect(other).toMatchObject({ code: 4 });
    const task = waiting.run.tasks[0]?.taskId ?? '';
    const done = await runner.json(['report', task, '--text', 'the draft']);
    expect(done).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['published']);
  });

  test('are not done when it is reported as failed; resume asks for it again', async () => {
    const runner = wfRunner();
    brand(runner);
    const waiting = await runner.json(['run', 'brand', '--input', 'write a post']);
    const { runId } = waiting.run;
    const failed = await runner.json(['report', runId, '--status', 'error', '--text', 'ill']);
    expect(failed).toMatchObject({ code: 5, run: { error: { stage: 'execute', step: 'draft.v1' } } });
    expect(await runner.json(['resume', runId])).toMatchObject({
      code: 6,
      run: { waiting: { for: 'outcome' } },
    });
    expect(await runner.json(['report', runId, '--text', 'well'])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toEqual(['published']);
  });

  test('--detach records the report and returns; the next command goes on', async () => {
    const runner = wfRunner();
    brand(runner);
    const { runId } = (await runner.json(['run', 'brand', '--input', 'write a post'])).run;
    const detached = await runner.json(['report', runId, '--text', 'done', '--detach']);
    expect(detached).toMatchObject({ code: 0, answer: 'detached' });
    expect(await runner.json(['run', 'brand', '--input', 'write a post'])).toMatchObject({
      code: 0,
      run: { runId, status: 'completed' },
    });
    expect(runner.lines('count')).toEqual(['published']);
  });
});
