/** Section "run, resume, force, keys": work for a key is done once, and a run goes on where it stopped. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

/** Two steps that count how often they ran; the second works only once the file `ok` is there. */
const twoSteps = (runner: WfRunner): void =>
  runner.define({
    id: 'two',
    execute: {
      steps: [
        { id: 'first', ...sh('echo first >> "$HOME/count"') },
        { id: 'second', ...sh('echo second >> "$HOME/count"; test -e "$HOME/ok"') },
      ],
    },
  });
const counting = (runner: WfRunner, more: object = {}): void =>
  runner.define({ id: 'count', execute: sh('echo "$WF_TASK" >> "$HOME/count"'), ...more });

describe('the same request again', () => {
  test('is answered with the run there is, and nothing is performed', async () => {
    const runner = wfRunner();
    counting(runner);
    const first = await runner.json(['run', 'count', '--input', 'write a post']);
    expect(first).toMatchObject({ code: 0, answer: 'ended', run: { status: 'completed', outcome: 'done' } });
    const again = await runner.json(['run', 'count', '--input', '  write a post \n']);
    expect(again).toMatchObject({ code: 0, answer: 'reused', run: { runId: first.run.runId } });
    expect(runner.lines('count')).toEqual(['write a post']);
    const text = await runner.wf(['run', 'count', '--input', 'write a post']);
    expect(text.stdout).toContain(`already done: run ${first.run.runId.slice(0, 12)}`);
    expect(text.stdout).toContain('Nothing was run or sent');
    expect(runner.types()).toContain('RunReused');
  });

  test('is done anew with --force, and later requests get the newest run', async () => {
    const runner = wfRunner();
    counting(runner);
    const first = await runner.json(['run', 'count', '--input', 'a']);
    const forced = await runner.json(['run', 'count', '--input', 'a', '--force']);
    expect(forced.run.runId).not.toBe(first.run.runId);
    expect(runner.lines('count')).toEqual(['a', 'a']);
    const again = await runner.json(['run', 'count', '--input', 'a']);
    expect(again).toMatchObject({ answer: 'reused', run: { runId: forced.run.runId } });
  });

  test('another input is another request', async () => {
    const runner = wfRunner();
    counting(runner);
    await runner.json(['run', 'count', '--input', 'a']);
    await runner.json(['run', 'count', '--input', 'b']);
    expect(runner.lines('count')).toEqual(['a', 'b']);
  });

  test('of a handed-off run is answered, never dispatched a second time', async () => {
    const runner = wfRunner();
    const first = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const again = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    expect(again).toMatchObject({ answer: 'reused', run: { runId: first.run.runId, status: 'handed_off' } });
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(1);
  });
});

describe('--idempotency-key', () => {
  test('makes two requests the same, and refuses another input by name (exit 4)', async () => {
    const runner = wfRunner();
    counting(runner);
    const key = ['--idempotency-key', 'monday'];
    const first = await runner.json(['run', 'count', '--input', 'a', ...key]);
    expect(first.run.idempotencyKey).toBe('monday');
    expect(await runner.json(['run', 'count', '--input', 'a', ...key])).toMatchObject({ answer: 'reused' });
    const other = await runner.json(['run', 'count', '--input', 'b', ...key]);
    expect(other).toMatchObject({ code: 4, error: { code: 'key-other-input' } });
    expect(other.error.message).toContain('monday');
    expect(other.error.message).toContain(first.run.runId);
    expect(runner.lines('count')).toEqual(['a']);
    expect(await runner.json(['run', 'count', '--input', 'b', ...key, '--force'])).toMatchObject({ code: 0 });
  });

  test('with another input conflicts with a handed-off and a waiting run, and not with a failed one', async () => {
    const runner = wfRunner();
    const run = (workflow: string, input: string, key: string) =>
      runner.json(['run', workflow, '--input', input, '--idempotency-key', key]);
    await run('autonomous-e2e', 'write a blog', 'handed');
    expect(await run('autonomous-e2e', 'write an article', 'handed')).toMatchObject({ code: 4 });
    await run('autonomous-e2e', 'restart the gateway', 'waits');
    expect(await run('autonomous-e2e', 'delete the gateway', 'waits')).toMatchObject({ code: 4 });
    runner.define({ id: 'fails', execute: sh('exit 1') });
    expect(await run('fails', 'a', 'failed')).toMatchObject({ code: 5, run: { status: 'failed' } });
    const other = await run('fails', 'b', 'failed');
    expect(other).toMatchObject({ code: 5, answer: 'ended' });
  });

  test('is a word of its workflow: the same key elsewhere is another', async () => {
    const runner = wfRunner();
    counting(runner);
    runner.define({ id: 'other', execute: sh('echo other >> "$HOME/count"') });
    await runner.json(['run', 'count', '--input', 'a', '--idempotency-key', 'k']);
    await runner.json(['run', 'other', '--input', 'b', '--idempotency-key', 'k']);
    expect(runner.lines('count')).toEqual(['a', 'other']);
  });
});

describe('resume', () => {
  test('continues a failed run at its failed step; completed steps are not repeated', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    expect(failed).toMatchObject({
      code: 5,
      run: { status: 'failed', error: { stage: 'execute', step: 'second' } },
    });
    expect(readFileSync(failed.run.summaryFile ?? '', 'utf8')).toContain('failed');
    writeFileSync(runner.path('ok'), '');
    const resumed = await runner.json(['run', 'two', '--resume', failed.run.runId, '--input', 'x']);
    expect(resumed).toMatchObject({ code: 0, run: { runId: failed.run.runId, status: 'completed' } });
    expect(runner.lines('count')).toEqual(['first', 'second', 'second']);
    const intake = resumed.run.stages.find((stage) => stage.name === 'intake');
    expect(intake).toMatchObject({ status: 'completed', attempts: 1 });
    const record = JSON.parse(readFileSync(join(runner.home, `state/runs/${failed.run.runId}.json`), 'utf8'));
    expect(record).toMatchObject({ status: 'completed' });
    expect(readFileSync(resumed.run.summaryFile ?? '', 'utf8')).toContain('completed');
  });

  test('needs neither the input nor the workflow, and takes a prefix or `last`', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    expect(await runner.json(['resume', 'last'])).toMatchObject({
      code: 5,
      run: { runId: failed.run.runId },
    });
    writeFileSync(runner.path('ok'), '');
    const prefix = failed.run.runId.slice(0, 12);
    expect(await runner.json(['run', 'two', '--resume', prefix])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toEqual(['first', 'second', 'second', 'second']);
  });

  test("refuses a finished run, another workflow's run and another input, each by name", async () => {
    const runner = wfRunner();
    twoSteps(runner);
    counting(runner);
    const done = await runner.json(['run', 'count', '--input', 'x']);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    const finished = await runner.json(['resume', done.run.runId]);
    expect(finished).toMatchObject({ code: 4, error: { code: 'run-finished' } });
    expect(finished.error.message).toContain(done.run.runId);
    const workflow = await runner.json(['run', 'count', '--resume', failed.run.runId]);
    expect(workflow).toMatchObject({ code: 4, error: { code: 'other-workflow' } });
    expect(workflow.error.message).toMatch(/two.*count/);
    const input = await runner.json(['run', 'two', '--resume', failed.run.runId, '--input', 'y']);
    expect(input).toMatchObject({ code: 4, error: { code: 'other-input' } });
    expect(await runner.json(['resume', '01AAAAAAAAAAAAAAAAAAAAAAAA'])).toMatchObject({ code: 3 });
    expect(await runner.json(['resume', '../x'])).toMatchObject({ code: 2 });
    expect(runner.lines('count')).toEqual(['x', 'first', 'second']);
  });

  test('cannot take other decisions than the run was started with', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    for (const extra of [
      ['--force'],
      ['--route', 'content'],
      ['--idempotency-key', 'k'],
      ['--dry-run'],
      ['--detach'],
    ]) {
      const refused = await runner.json(['run', 'two', '--resume', failed.run.runId, ...extra]);
      expect(refused, extra[0]).toMatchObject({ code: 2, error: { code: 'usage' } });
      expect(refused.error.message).toContain(extra[0]);
    }
    expect(runner.lines('count')).toEqual(['first', 'second']);
  });

  test('of an old failed run is refused once a newer run has done the work', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    writeFileSync(runner.path('ok'), '');
    const second = await runner.json(['run', 'two', '--input', 'x']);
    expect(second).toMatchObject({ code: 0, answer: 'ended' });
    expect(second.run.runId).not.toBe(failed.run.runId);
    const late = await runner.json(['resume', failed.run.runId]);
    expect(late).toMatchObject({ code: 4, error: { code: 'key-taken' } });
    expect(late.error.message).toContain(second.run.runId);
  });

  test('says when the definition has changed since, and keeps to the one it started with', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    writeFileSync(runner.path('ok'), '');
    runner.define({ id: 'two', execute: sh('echo changed >> "$HOME/count"') });
    const resumed = await runner.wf(['resume', failed.run.runId]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain('--with-current-definition');
    expect(runner.lines('count')).toEqual(['first', 'second', 'second']);
  });

  test('does not need the definition file any more: it may be broken or gone', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    writeFileSync(join(runner.home, 'definitions/two.json'), '{ broken');
    expect(await runner.json(['resume', failed.run.runId])).toMatchObject({ code: 5 });
    rmSync(join(runner.home, 'definitions/two.json'));
    writeFileSync(runner.path('ok'), '');
    expect(await runner.json(['resume', failed.run.runId])).toMatchObject({ code: 0 });
    const current = await runner.json(['run', 'two', '--input', 'x']);
    expect(current).toMatchObject({ code: 3 });
  });

  test('of a waiting run cannot change its definition under the approval', async () => {
    const runner = wfRunner();
    counting(runner);
    const { run } = await runner.json(['run', 'count', '--input', 'restart it']);
    runner.define({ id: 'count', execute: sh('echo other >> "$HOME/count"') });
    const refused = await runner.json(['resume', run.runId, '--with-current-definition']);
    expect(refused).toMatchObject({ code: 4, error: { code: 'definition-in-use' } });
    expect(refused.error.hint).toContain('wf cancel');
    expect(runner.types(run.runId)).not.toContain('DefinitionAdopted');
  });

  test('--with-current-definition goes on with the file as it is now, and records that it did', async () => {
    const runner = wfRunner();
    twoSteps(runner);
    const failed = await runner.json(['run', 'two', '--input', 'x']);
    runner.define({
      id: 'two',
      execute: {
        steps: [
          { id: 'first', ...sh('exit 9') },
          { id: 'second', ...sh('echo mended >> "$HOME/count"') },
        ],
      },
    });
    const resumed = await runner.json(['resume', failed.run.runId, '--with-current-definition']);
    expect(resumed).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['first', 'second', 'mended']);
    expect(runner.types(failed.run.runId)).toContain('DefinitionAdopted');
  });

  test('of a queued task that nobody can do yet says how it is finished', async () => {
    const runner = wfRunner();
    await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const refused = await runner.json(['resume', 'last']);
    expect(refused).toMatchObject({ code: 6, error: { code: 'nothing-connected' } });
    expect(refused.error.hint).toContain('wf report');
    expect(runner.types()).not.toContain('TaskWithdrawn');
  });

  test('of a task that the definition gives to a person says so, whatever is connected', async () => {
    const runner = wfRunner();
    runner.define({ id: 'byhand', execute: { dispatcher: 'manual' } });
    writeFileSync(join(runner.home, 'config.json'), '{"openclaw": {}}');
    await runner.json(['run', 'byhand', '--input', 'water the plants']);
    const refused = await runner.json(['resume', 'last']);
    expect(refused).toMatchObject({ code: 6, error: { code: 'waits-for-person' } });
    expect(refused.error.message).toContain('manual');
    expect(refused.error.hint).toContain('wf report');
    expect(refused.error.hint).not.toContain('openclaw');
    expect(runner.types()).not.toContain('TaskWithdrawn');
  });

  test('of a cancelled run does what is left, and no finished step again', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'wait',
      execute: {
        steps: [
          { id: 'first', ...sh('echo first >> "$HOME/count"') },
          { id: 'ask', dispatcher: 'manual', await: 'outcome' },
        ],
      },
    });
    const waiting = await runner.json(['run', 'wait', '--input', 'x']);
    expect(waiting).toMatchObject({ code: 6, run: { waiting: { for: 'outcome' } } });
    const { runId } = waiting.run;
    expect(await runner.json(['cancel', runId, '--reason', 'no'])).toMatchObject({
      run: { status: 'cancelled' },
    });
    expect(await runner.json(['cancel', runId])).toMatchObject({ code: 4 });
    const resumed = await runner.json(['resume', runId]);
    expect(resumed).toMatchObject({ code: 6, run: { runId, waiting: { for: 'outcome' } } });
    expect(await runner.json(['report', runId, '--text', 'done'])).toMatchObject({
      code: 0,
      run: { status: 'completed' },
    });
    expect(runner.lines('count')).toEqual(['first']);
  });
});

describe('where the task comes from', () => {
  test('a file, standard input and a plain argument are the same request', async () => {
    const runner = wfRunner();
    counting(runner);
    mkdirSync(runner.path('sub dir'));
    writeFileSync(runner.path('sub dir/task.txt'), 'Grüße an 東京\n');
    const file = await runner.json(['run', 'count', '--input-file', runner.path('sub dir/task.txt')]);
    expect(file).toMatchObject({ code: 0, answer: 'ended' });
    const ways = [
      runner.json(['run', 'count', '--input', '-'], { input: 'Grüße an 東京' }),
      runner.json(['run', 'count', '--input-file', '-'], { input: 'Grüße an 東京\n\n' }),
      runner.json(['run', 'count', '--input=Grüße an 東京']),
    ];
    for (const way of await Promise.all(ways)) expect(way.answer).toBe('reused');
    expect(runner.lines('count')).toEqual(['Grüße an 東京']);
  });

  test('a home whose path has blanks, quotes and dollar signs works like any other', async () => {
    const runner = wfRunner({ homeName: `it's "my" $HOME; home` });
    counting(runner);
    expect(await runner.json(['run', 'count', '--input', 'x'])).toMatchObject({ code: 0 });
    const handed = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const brief = readFileSync(handed.run.tasks[0]?.brief ?? '', 'utf8');
    const command = brief.split('\n').find((line) => line.includes('--status error')) ?? '';
    // The command line of the brief is pasted into a shell by whoever does the work.
    const pasted = command.trim().replace(/^wf /, `"${process.execPath}" "$WF" `);
    const { WF } = await import('../support/wf.ts');
    const reported = await runner.startProgram(['/bin/sh', '-c', pasted], { env: { WF, WF_HOME: undefined } })
      .ended;
    expect(reported.code).toBe(5);
    expect(runner.types(handed.run.runId)).toContain('OutcomeReported');
    const before = treeOf(runner.home);
    expect(await runner.json(['run', 'count', '--input', 'y', '--dry-run'])).toMatchObject({ code: 0 });
    expect(treeOf(runner.home)).toEqual(before);
  });
});
