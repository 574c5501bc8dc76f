/** What a step's command sees, what its end means, and what is tried again: in real processes. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const run = (runner: WfRunner, id: string, input = 'x') => runner.json(['run', id, '--input', input]);
const count = (runner: WfRunner, type: string): number => runner.types().filter((one) => one === type).length;

describe('what a command is given', () => {
  test('the run, its route, the task and its keys, and nothing of our own environment', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'see',
      execute: {
        ...sh(
          'env > "$HOME/env"; cp "$WF_TASK_FILE" "$HOME/task"; stat -c %a "$WF_TASK_FILE" > "$HOME/mode"; pwd > "$HOME/cwd"',
        ),
        env: ['MINE'],
      },
    });
    const env = { MINE: 'listed', SECRET_TOKEN: 'not listed', OPENCLAW_GATEWAY_TOKEN: 'not for commands' };
    const done = await runner.json(['run', 'see', '--input', 'write a post'], { env });
    expect(done.code).toBe(0);
    const { runId, idempotencyKey } = done.run;
    const seen = new Map(
      runner.lines('env').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
    );
    expect(Object.fromEntries(seen)).toMatchObject({
      WF_RUN_ID: runId,
      WF_ROUTE: 'content',
      WF_TASK: 'write a post',
      WF_TASK_FILE: join(runner.home, 'run', `${runId}.main.1`, 'task.txt'),
      WF_IDEMPOTENCY_KEY: idempotencyKey,
      WF_EFFECT_KEY: `wf:${runId}:execute.main:1`,
      OPENCLAW_ROOT: expect.any(String),
      MINE: 'listed',
    });
    for (const name of ['SECRET_TOKEN', 'OPENCLAW_GATEWAY_TOKEN', 'XDG_CACHE_HOME'])
      expect(seen.has(name)).toBe(false);
    expect(runner.lines('mode')).toEqual(['600']);
    expect(runner.lines('cwd')).toEqual([join(runner.home, 'artifacts', runId)]);
    expect(readdirSync(join(runner.home, 'run'))).toEqual([]);
  });

  test('a task above 96 KiB comes by file alone; as an argument above 128 KiB it is a clear failure', async () => {
    const runner = wfRunner();
    const script =
      'wc -c < "$WF_TASK_FILE" > "$HOME/size"; (env | grep ^WF_TASK= || echo unset) > "$HOME/task"';
    runner.define({ id: 'big', execute: sh(script) });
    const task = 'ü'.repeat(60_000);
    const done = await runner.json(['run', 'big', '--input', '-'], { input: task });
    expect(done).toMatchObject({ code: 0 });
    expect(runner.lines('size')).toEqual([String(Buffer.byteLength(task))]);
    expect(runner.lines('task')).toEqual(['unset']);
    const record = JSON.parse(readFileSync(join(runner.home, `state/runs/${done.run.runId}.json`), 'utf8'));
    expect(record.input).toBe(task);
    expect(await runner.json(['run', 'big', '--input', '-'], { input: task })).toMatchObject({
      answer: 'reused',
    });
    runner.define({ id: 'argv', execute: { command: '/bin/echo', args: ['--', '{{task}}'] } });
    const failed = await runner.json(['run', 'argv', '--input', '-'], { input: 'ü'.repeat(70_000) });
    expect(failed).toMatchObject({ code: 5, run: { error: { code: 'arguments-too-long' } } });
    expect(failed.run.error?.message).toContain('{{taskFile}}');
  });

  test('templates are expanded once: a task that looks like one stays as it is', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'say',
      execute: {
        command: '/bin/sh',
        args: ['-c', 'echo "$1" "$2" "$3" > "$HOME/said"', 's', '{{task}}', '{{input.who}}', '{{route}}'],
      },
    });
    await run(runner, 'say', '{"task":"{{input.who}} {{home}}","who":"{{task}}"}');
    expect(runner.lines('said')).toEqual(['{{input.who}} {{home}} {{task}} general']);
  });
});

test('while the work goes on, its record is there for whoever looks', async () => {
  const runner = wfRunner();
  runner.define({ id: 'long', execute: sh('while [ ! -e "$HOME/seen" ]; do sleep 0.05; done') });
  const working = runner.start(['run', 'long', '--input', 'x']);
  const folder = join(runner.home, 'state/runs');
  // The work ends only after this was seen.
  const names = (): string[] =>
    existsSync(folder) ? readdirSync(folder).filter((one) => !one.startsWith('.')) : [];
  await until(() => names().length > 0);
  const [name = ''] = names();
  const record = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  expect(record).toMatchObject({ workflowId: 'long', status: 'running' });
  writeFileSync(join(runner.dir, 'seen'), '');
  expect((await working.ended).code).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, name), 'utf8'))).toMatchObject({ status: 'completed' });
});

describe('what an end means', () => {
  test('one JSON object with a jobId is a hand-over, other JSON is done', async () => {
    const runner = wfRunner();
    runner.define({ id: 'job', execute: sh(`echo '{"ok":true,"jobId":"5f1c"}'`) });
    runner.define({ id: 'json', execute: sh(`echo '{"ok":true}'`) });
    expect(await run(runner, 'job')).toMatchObject({
      code: 0,
      run: { status: 'handed_off', outcome: 'handed_off', tasks: [{ jobId: '5f1c' }] },
    });
    expect(await run(runner, 'json')).toMatchObject({
      code: 0,
      run: { status: 'completed', outcome: 'done' },
    });
  });

  test('await "dispatch" makes every success a hand-over, await "outcome" waits for the report', async () => {
    const runner = wfRunner();
    runner.define({ id: 'sent', execute: { ...sh('echo sent'), await: 'dispatch' } });
    runner.define({ id: 'awaited', execute: { ...sh(`echo '{"jobId":"j"}'`), await: 'outcome' } });
    expect(await run(runner, 'sent')).toMatchObject({ code: 0, run: { status: 'handed_off' } });
    expect(await run(runner, 'awaited')).toMatchObject({ code: 6, run: { waiting: { for: 'outcome' } } });
  });

  test('a failing command fails the run once: it was performed, so it is not repeated by itself', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'fails',
      execute: {
        ...sh('echo try >> "$HOME/count"; echo out of paper >&2; exit 3'),
        retry: { maxAttempts: 5, backoff: '1ms' },
      },
    });
    const failed = await run(runner, 'fails');
    expect(failed).toMatchObject({
      code: 5,
      run: { status: 'failed', outcome: 'failed', error: { code: 'exit-code' } },
    });
    expect(failed.run.error?.message).toContain('out of paper');
    expect(runner.lines('count')).toEqual(['try']);
    const summary = readFileSync(failed.run.summaryFile ?? '', 'utf8');
    expect(summary).toMatch(/Status: failed/);
    expect(summary).toContain('out of paper');
    const text = await runner.wf(['run', 'fails', '--input', 'x']);
    expect(text.stdout).toContain('failed at execute');
    expect(text.stdout).toContain('wf resume');
  });

  test('an exit code that means "not performed" is tried again with a pause, under a new key', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'busy',
      execute: {
        ...sh('echo "$WF_EFFECT_KEY" >> "$HOME/keys"; [ "$(wc -l < "$HOME/keys")" -ge 3 ] || exit 75'),
        notPerformedExitCodes: [75],
        retry: { maxAttempts: 3, backoff: '20ms', maxBackoff: '30ms' },
      },
    });
    expect(await run(runner, 'busy')).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('keys').map((key) => key.split(':').at(-1))).toEqual(['1', '2', '3']);
    const failures = runner.log().filter((event) => event.type === 'EffectFailed');
    expect(failures).toHaveLength(2);
    for (const failure of failures)
      expect(failure.data).toMatchObject({ performed: false, retryAt: expect.any(String) });
  });

  test('and fails the run when it never comes to anything', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'busy',
      execute: { ...sh('exit 75'), notPerformedExitCodes: [75], retry: { maxAttempts: 2, backoff: '5ms' } },
    });
    const failed = await run(runner, 'busy');
    expect(failed).toMatchObject({ code: 5, run: { error: { code: 'not-performed' } } });
    expect(count(runner, 'EffectIntended')).toBe(2);
    const text = await runner.wf(['run', 'busy', '--input', 'y']);
    expect(text.stdout).toContain('certainly not performed');
  });
});

describe('verify', () => {
  test('a required file that the work did not make fails the run, and names it', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'makes',
      execute: sh('[ -e "$HOME/ok" ] && echo post > post.md; echo done >> "$HOME/count"'),
      verify: { requiredFiles: ['{{artifacts}}/post.md', '{{home}}/state/runs/{{runId}}.json'] },
    });
    const failed = await run(runner, 'makes');
    expect(failed).toMatchObject({ code: 5, run: { error: { code: 'verify-failed', stage: 'verify' } } });
    expect(failed.run.error?.message).toContain('post.md');
    expect(failed.run.error?.message).not.toContain('state/runs');
    expect(existsSync(failed.run.summaryFile ?? '')).toBe(true);
    writeFileSync(join(runner.home, 'artifacts', failed.run.runId, 'post.md'), 'by hand');
    // The work was done: resuming only looks again.
    expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(runner.lines('count')).toEqual(['done']);
  });

  test('at a hand-over the files of the work are not asked for yet, at its report they are', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'queue',
      execute: { dispatcher: 'manual' },
      verify: { requiredFiles: ['{{artifacts}}/post.md'] },
    });
    const queued = await run(runner, 'queue');
    expect(queued).toMatchObject({ code: 0, run: { status: 'handed_off' } });
    const reported = await runner.json(['report', 'last', '--text', 'done']);
    expect(reported).toMatchObject({ code: 5, run: { status: 'failed', error: { stage: 'verify' } } });
  });

  test('a summary in a folder that config.json does not allow is refused before anything runs', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'copies',
      execute: sh('echo done >> "$HOME/count"'),
      deliver: { summaryFile: `${runner.dir}/reports/{{runId}}.md` },
    });
    const refused = await run(runner, 'copies');
    expect(refused).toMatchObject({ code: 2, error: { code: 'summary-place' } });
    expect(runner.lines('count')).toEqual([]);
    writeFileSync(
      join(runner.home, 'config.json'),
      JSON.stringify({ allowedRoots: [`${runner.dir}/reports`] }),
    );
    const done = await run(runner, 'copies');
    expect(done).toMatchObject({ code: 0 });
    expect(done.run.summaryFile).toBe(`${runner.dir}/reports/${done.run.runId}.md`);
    const copy = readFileSync(done.run.summaryFile ?? '', 'utf8');
    expect(copy).toBe(readFileSync(join(runner.home, `outbox/${done.run.runId}.md`), 'utf8'));
  });
});

describe('tools', () => {
  const withTools = (
    runner: WfRunner,
    tools: Readonly<Record<string, object>>,
    allowlist = Object.keys(tools),
  ): void =>
    runner.define({
      id: 'tooled',
      autoConfigure: { allowlist, toolCommands: tools },
      execute: sh('echo done >> "$HOME/count"'),
    });

  test('only the allowlisted ones are run, once per command', async () => {
    const runner = wfRunner();
    withTools(runner, { good: sh('echo good >> "$HOME/tools"'), other: sh('echo other >> "$HOME/tools"') }, [
      'good',
    ]);
    expect(await run(runner, 'tooled', 'a')).toMatchObject({ code: 0 });
    expect(await run(runner, 'tooled', 'b')).toMatchObject({ code: 0 });
    expect(runner.lines('tools')).toEqual(['good']);
    const marker = readFileSync(join(runner.home, 'state/tools/good.ok'), 'utf8');
    expect(marker).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\nsha256:[0-9a-f]{64}\n/);
    // Another command of that name is another tool.
    withTools(runner, { good: sh('echo better >> "$HOME/tools"') });
    expect(await run(runner, 'tooled', 'c')).toMatchObject({ code: 0 });
    expect(runner.lines('tools')).toEqual(['good', 'better']);
  });

  test('that fail are reported and tried again next time; a required one fails the stage', async () => {
    const runner = wfRunner();
    const broken = sh('echo try >> "$HOME/tools"; echo no network >&2; exit 1');
    withTools(runner, { broken });
    const passed = await runner.wf(['run', 'tooled', '--input', 'a']);
    expect(passed.code).toBe(0);
    expect(passed.stderr).toContain('broken not ready');
    expect(passed.stderr).toContain('no network');
    withTools(runner, { broken: { ...broken, required: true } });
    const failed = await run(runner, 'tooled', 'b');
    expect(failed).toMatchObject({
      code: 5,
      run: { error: { code: 'tool-required', stage: 'configure_tools' } },
    });
    expect(failed.run.error?.message).toContain('broken');
    expect(runner.lines('tools')).toEqual(['try', 'try']);
    expect(runner.lines('count')).toEqual(['done']);
    expect(existsSync(join(runner.home, 'state/tools/broken.ok'))).toBe(false);
  });

  test('that hang end at their timeout', async () => {
    const runner = wfRunner();
    withTools(runner, { hangs: { ...sh('sleep 60'), timeout: '200ms', required: true } });
    expect(await run(runner, 'tooled')).toMatchObject({ code: 5, run: { error: { code: 'tool-required' } } });
  });
});

test('every file of a home is its owner’s alone', async () => {
  const runner = wfRunner();
  await run(runner, 'autonomous-e2e', 'write a blog');
  const entries = readdirSync(runner.home, { recursive: true, withFileTypes: true });
  expect(entries.length).toBeGreaterThan(5);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    // publish/ is made by the tool's own command.
    if (path.includes('/publish')) continue;
    expect(statSync(path).mode & 0o077, path).toBe(0);
  }
});
