/** `wf events`: the log for people and for programs, and the one output that goes on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sh, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const logOf = (runner: WfRunner): string => readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8');
const runOnce = async (runner: WfRunner, input: string): Promise<string> => {
  runner.define({ id: 'echo', execute: sh('echo "$WF_TASK"') });
  return (await runner.json(['run', 'echo', '--input', input])).run.runId;
};

test('as NDJSON it is the log itself, byte for byte', async () => {
  const runner = wfRunner();
  await runOnce(runner, 'grüße, 世界 "quoted" \\ back');
  const { stdout, stderr, code } = await runner.wf(['events', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(logOf(runner));
});

test('one run, one type: nothing else is printed', async () => {
  const runner = wfRunner();
  const first = await runOnce(runner, 'one');
  await runOnce(runner, 'two');
  const ofRun = linesOf((await runner.wf(['events', '--json', '--run', first])).stdout);
  expect(ofRun).toEqual(linesOf(logOf(runner)).filter((line) => line.includes(`"stream":"run/${first}"`)));
  const started = linesOf((await runner.wf(['events', '--type', 'RunStarted'])).stdout);
  expect(started).toHaveLength(2);
  expect(
    started.every((line) => /^ +\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}run\/\S+ {2,}RunStarted/.test(line)),
  ).toBe(true);
  expect(
    linesOf((await runner.wf(['events', '--run', first, '--type', 'RunStarted', '--json'])).stdout),
  ).toHaveLength(1);
});

test('a mistyped type is refused with the one that was meant', async () => {
  const { code, stderr } = await wfRunner().wf(['events', '--type', 'StageFaild']);
  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean StageFailed?');
});

test('--follow prints what another process records, line by line, until Ctrl-C ends it well', async () => {
  const runner = wfRunner();
  await runOnce(runner, 'before');
  const following = runner.start(['events', '--follow', '--json', '--type', 'RunCompleted']);
  await until(() => linesOf(following.seen().stdout).length === 1);
  const second = await runOnce(runner, 'meanwhile');
  await until(() => linesOf(following.seen().stdout).length === 2);
  following.child.kill('SIGINT');
  const { code, stdout, stderr } = await following.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(linesOf(stdout)[1] ?? '')).toMatchObject({
    stream: `run/${second}`,
    type: 'RunCompleted',
  });
});

test('--follow may begin before the first run is ever started', async () => {
  const runner = wfRunner();
  const following = runner.start(['events', '--follow', '--type', 'RunStarted']);
  await runOnce(runner, 'first');
  await until(() => following.seen().stdout.includes('RunStarted'));
  following.child.kill('SIGINT');
  expect((await following.ended).code).toBe(0);
});

test('a reader that has seen enough ends it, even while following', async () => {
  const runner = wfRunner();
  await runOnce(runner, 'x');
  for (const args of ['events --json', 'events', 'events --json --follow']) {
    const { ended } = runner.startProgram([
      'bash',
      '-o',
      'pipefail',
      '-c',
      `"${process.execPath}" "${WF}" ${args} | head -n 2`,
    ]);
    // Something has to be said after `head` has gone for its absence to be noticed.
    if (args.includes('--follow')) await runOnce(runner, 'y');
    const { stdout, stderr } = await ended;
    expect(linesOf(stdout)).toHaveLength(2);
    expect(stderr).toBe('');
  }
});
