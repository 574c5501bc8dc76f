/** The script engine's two command lines: its arguments, its JSON and its two exit codes, and not a line beside. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, type Started, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

type Env = { readonly env?: Readonly<Record<string, string | undefined>> };
const script = (runner: WfRunner, name: string, args: readonly string[], options: Env = {}): Started =>
  runner.startProgram([process.execPath, join(root, 'scripts', name), ...args], options);

/** What went to stdout and to stderr, read; undefined where nothing did. */
async function ended(started: Started) {
  const { code, stdout, stderr } = await started.ended;
  const read = (text: string) => {
    if (text === '') return undefined;
    const value = JSON.parse(text);
    expect(text, 'two spaces and a newline at the end').toBe(`${JSON.stringify(value, null, 2)}\n`);
    return value;
  };
  return { code, out: read(stdout), err: read(stderr) };
}
const engine = (runner: WfRunner, args: readonly string[], options?: Env) =>
  ended(script(runner, 'workflow_engine.mjs', args, options));
const feedback = (runner: WfRunner, args: readonly string[]) =>
  ended(script(runner, 'workflow_feedback_loop.mjs', args));
/** Whether the process has a file of that name open. */
const opened = ({ child }: Started, name: string): boolean =>
  readdirSync(`/proc/${child.pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${child.pid}/fd/${fd}`).endsWith(`/${name}`);
    } catch {
      return false;
    }
  });
const id = expect.stringMatching(/^[0-9A-Z]{26}$/);

describe('workflow_engine.mjs run', () => {
  test('gives a run in the script engine’s shape; a hand-over is completed there, and the outcome says so', async () => {
    const runner = wfRunner();
    const line = ['run', 'autonomous-e2e', '--input', 'write a blog on BIM Automation in Autodesk'];
    const first = await engine(runner, line);
    expect(first).toEqual({
      code: 0,
      err: undefined,
      out: {
        runId: id,
        workflowId: 'autonomous-e2e',
        status: 'completed',
        outcome: 'handed_off',
        output: { summaryFile: join(runner.home, `outbox/${first.out.runId}.md`) },
      },
    });
    expect(Object.keys(first.out).slice(0, 3)).toEqual(['runId', 'workflowId', 'status']);
    expect(isAbsolute(first.out.output.summaryFile)).toBe(true);
    expect(readFileSync(first.out.output.summaryFile, 'utf8')).toContain(`# Workflow Run ${first.out.runId}`);

    const again = await engine(runner, line);
    const { runId, workflowId } = first.out;
    expect(again).toMatchObject({
      code: 0,
      err: undefined,
      out: { reused: true, runId, workflowId, status: 'completed' },
    });
    const forced = await engine(runner, [...line, '--force']);
    expect(forced.out).toMatchObject({ status: 'completed' });
    expect(forced.out.runId).not.toBe(runId);
  });

  test('gives work that was done as done', async () => {
    const runner = wfRunner();
    runner.define({ id: 'ok', execute: { command: '/bin/true' } });
    expect(await engine(runner, ['run', 'ok', '--input', 'x'])).toMatchObject({
      code: 0,
      out: { status: 'completed', outcome: 'done' },
    });
  });

  test('gives a failed run on stderr with exit 1, and --resume goes on at the failed step', async () => {
    const runner = wfRunner();
    runner.define({ id: 'fails', execute: sh('echo once >> "$HOME/count"; test -e "$HOME/ok"') });
    const failed = await engine(runner, ['run', 'fails', '--input', 'same input']);
    expect(failed).toMatchObject({
      code: 1,
      out: undefined,
      err: {
        runId: id,
        workflowId: 'fails',
        status: 'failed',
        stage: 'execute',
        error: expect.stringContaining('exited with 1'),
      },
    });
    expect(existsSync(failed.err.output.summaryFile)).toBe(true);
    writeFileSync(runner.path('ok'), '');
    const { runId } = failed.err;
    const other = await engine(runner, ['run', 'fails', '--resume', runId, '--input', 'another input']);
    expect(other).toMatchObject({ code: 1, out: undefined, err: { error: { code: 'other-input' } } });
    expect(await engine(runner, ['run', 'fails', '--resume', runId, '--input', 'same input'])).toMatchObject({
      code: 0,
      out: { runId, status: 'completed' },
    });
    expect(runner.lines('count')).toEqual(['once', 'once']);
    const finished = await engine(runner, ['run', 'fails', '--resume', runId]);
    expect(finished).toMatchObject({ code: 1, err: { error: { code: 'run-finished' } } });
  });

  test('gives a run that waits for approval with the command that resolves it, exit 0; nothing was dispatched', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'risky',
      classify: { routes: [], fallback: { name: 'ops', risk: 'high' } },
      execute: sh('echo done >> "$HOME/count"'),
    });
    const line = ['run', 'risky', '--input', 'restart the gateway'];
    const waits = await engine(runner, line);
    const approval = expect.stringMatching(/^A-/);
    expect(waits).toEqual({
      code: 0,
      err: undefined,
      out: {
        runId: id,
        workflowId: 'risky',
        status: 'waiting',
        waiting: { for: 'approval', id: approval, resolve: expect.stringMatching(/^wf approve A-/) },
      },
    });
    // Asked again it is the same run, still waiting, and not a second one.
    expect((await engine(runner, line)).out).toEqual(waits.out);
    expect(runner.lines('count')).toEqual([]);
  });

  test('gives a run in doubt with the command that ends the doubt', async () => {
    const runner = wfRunner();
    runner.define({ id: 'hangs', execute: { ...sh('sleep 60'), timeout: '300ms' } });
    const doubt = await engine(runner, ['run', 'hangs', '--input', 'x']);
    expect(doubt).toMatchObject({ code: 0, out: { status: 'waiting', waiting: { for: 'unknown-effect' } } });
    expect(doubt.out.waiting.resolve).toBe(`wf resolve ${doubt.out.runId} --sent | --not-sent`);
  });

  test('gives a run that it followed to a bad end as failed, not as reused', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'slow',
      execute: sh('touch "$HOME/began"; while [ ! -e "$HOME/go" ]; do sleep 0.02; done; exit 3'),
    });
    const first = runner.start(['run', 'slow', '--input', 'x']);
    await until(() => existsSync(runner.path('began')));
    const following = script(runner, 'workflow_engine.mjs', ['run', 'slow', '--resume', 'last']);
    await until(() => opened(following, 'events.jsonl'));
    writeFileSync(runner.path('go'), '');
    expect(await ended(following)).toMatchObject({
      code: 1,
      out: undefined,
      err: { runId: id, workflowId: 'slow', status: 'failed', error: expect.any(String), stage: 'execute' },
    });
    expect((await first.ended).code).toBe(5);
  });

  test('shows a bug’s stack to who asks for it with WF_DEBUG, and to nobody else', async () => {
    const runner = wfRunner();
    // Stands for any broken invariant: no user can bring one about on purpose.
    const args = ['run', 'autonomous-e2e', '--input', 'x'];
    const broken = { NODE_OPTIONS: `--require ${runner.path('broken.cjs')}`, NODE_NO_WARNINGS: '1' };
    writeFileSync(
      runner.path('broken.cjs'),
      "require('node:sqlite').DatabaseSync = class { constructor() { throw new TypeError('boom'); } };",
    );
    const plain = await engine(runner, args, { env: broken });
    expect(plain).toMatchObject({ code: 1, err: { error: { code: 'bug' } } });
    expect(plain.err.error).not.toHaveProperty('stack');
    const debugged = await engine(runner, args, { env: { ...broken, WF_DEBUG: '1' } });
    expect(debugged.err.error.stack).toContain('boom');
    expect(debugged.err.error.stack).toMatch(/\n\s+at /);
  });

  test('names the home in the command that resolves a wait, when it was named here', async () => {
    const runner = wfRunner();
    const home = runner.path('my home');
    const waits = await engine(runner, ['run', 'autonomous-e2e', '--input', 'restart it', '--home', home]);
    expect(waits.out.waiting.resolve).toBe(`wf --home '${home}' approve ${waits.out.waiting.id}`);
    const unknown = await engine(runner, ['run', 'x', '--resume', 'last', '--home', runner.path('none')]);
    expect(unknown.err.error.hint).toContain(`wf --home ${runner.path('none')} run`);
  });

  test('does not wait for a live duplicate', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'slow',
      execute: sh('touch "$HOME/at-work"; while ! test -e "$HOME/go"; do sleep 0.05; done'),
    });
    const line = ['run', 'slow', '--input', 'x'];
    const first = script(runner, 'workflow_engine.mjs', line);
    await until(() => existsSync(runner.path('at-work')));
    const duplicate = await engine(runner, line);
    expect(duplicate).toEqual({
      code: 0,
      err: undefined,
      out: { reused: true, runId: id, workflowId: 'slow', status: 'running' },
    });
    writeFileSync(runner.path('go'), '');
    expect(await ended(first)).toMatchObject({
      code: 0,
      out: { runId: duplicate.out.runId, status: 'completed' },
    });
  });

  test('takes over from a process that was killed, and calls it in doubt: never running for ever', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'slow',
      execute: sh('echo $$ > "$HOME/pid.new"; mv "$HOME/pid.new" "$HOME/pid"; sleep 60'),
    });
    const line = ['run', 'slow', '--input', 'x'];
    const first = script(runner, 'workflow_engine.mjs', line);
    await until(() => existsSync(runner.path('pid')));
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(-Number(runner.lines('pid')[0]), 'SIGKILL');
    const next = await engine(runner, line);
    expect(next).toMatchObject({ code: 0, out: { status: 'waiting', waiting: { for: 'unknown-effect' } } });
  });

  test('has the caller’s key, and refuses it for another input', async () => {
    const runner = wfRunner();
    runner.define({ id: 'ok', execute: { command: '/bin/true' } });
    const keyed = (input: string) =>
      engine(runner, ['run', 'ok', '--input', input, '--idempotency-key', 'calendar-2026-02-20']);
    const { out } = await keyed('a');
    expect((await keyed('a')).out).toMatchObject({ reused: true, runId: out.runId });
    expect(await keyed('b')).toMatchObject({
      code: 1,
      out: undefined,
      err: { error: { code: 'key-other-input' } },
    });
  });

  test('takes a task that looks like a flag, --name=value, and --home', async () => {
    const runner = wfRunner();
    const home = runner.path('another-home');
    mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
    writeFileSync(
      join(home, 'definitions/echo.json'),
      JSON.stringify({ id: 'echo', execute: sh('echo "$WF_TASK" >> "$HOME/said"') }),
    );
    for (const input of [['--input', '--force'], ['--input=--verbose is broken']]) {
      expect(await engine(runner, ['run', 'echo', ...input, '--home', home])).toMatchObject({ code: 0 });
    }
    expect(runner.lines('said')).toEqual(['--force', '--verbose is broken']);
    expect(existsSync(runner.home)).toBe(false);
  });

  test('says nothing beside its JSON when it mends something on the way', async () => {
    const runner = wfRunner();
    const line = ['run', 'autonomous-e2e', '--input', 'write a blog'];
    const { out } = await engine(runner, line);
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(runner.home, `state/index.db${end}`), { force: true });
    expect(await engine(runner, line)).toMatchObject({
      code: 0,
      err: undefined,
      out: { reused: true, runId: out.runId },
    });
  });

  test('every other error is JSON on stderr with exit 1: what, and what to do', async () => {
    const runner = wfRunner();
    const refused = async (code: string, ...args: readonly string[]) =>
      expect(await engine(runner, args), args.join(' ')).toMatchObject({
        code: 1,
        out: undefined,
        err: { error: { code, message: expect.any(String), hint: expect.any(String) } },
      });
    await refused('usage');
    await refused('usage', 'runs', 'autonomous-e2e');
    await refused('usage', 'run');
    await refused('usage', 'run', 'autonomous-e2e');
    await refused('usage', 'run', 'autonomous-e2e', '--input');
    await refused('usage', 'run', 'autonomous-e2e', '--input', 'x', '--forced');
    await refused('usage', 'run', 'autonomous-e2e', 'extra', '--input', 'x');
    await refused('workflow-unknown', 'run', 'autonomous-e2', '--input', 'x');
    await refused('run-unknown', 'run', 'autonomous-e2e', '--resume', '01ARZ3NDEKTSV4RRFFQ69G5FAV');
    const legacy = join(root, 'test/fixtures/legacy-home');
    await refused('legacy-home', 'run', 'autonomous-e2e', '--input', 'x', '--home', legacy);
  });
});

describe('workflow_feedback_loop.mjs', () => {
  const SEED = 'Needs more source links and tighter summaries';

  test('submit gives the entry in the shape its file had', async () => {
    const runner = wfRunner();
    const { out } = await engine(runner, ['run', 'autonomous-e2e', '--input', 'write a blog']);
    const about = ['submit', '--workflow-id', 'autonomous-e2e'];
    const said = await feedback(runner, [
      ...about,
      '--run-id',
      out.runId,
      '--score',
      '4',
      '--feedback',
      SEED,
    ]);
    expect(said).toEqual({
      code: 0,
      err: undefined,
      out: {
        ok: true,
        entry: {
          ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          workflowId: 'autonomous-e2e',
          runId: out.runId,
          score: 4,
          feedback: SEED,
          feedbackId: id,
        },
      },
    });
    const legacy = readFileSync(join(root, 'test/fixtures/legacy-home/feedback/entries.jsonl'), 'utf8').split(
      '\n',
    );
    expect(Object.keys(said.out.entry)).toEqual(
      expect.arrayContaining(Object.keys(JSON.parse(legacy[0] ?? '{}'))),
    );
    const without = await feedback(runner, [
      ...about,
      '--score',
      '2',
      '--feedback',
      'Too verbose, takes too long',
    ]);
    expect(without.out.entry).toMatchObject({ runId: null, score: 2 });
  });

  test('improve gives the analysis, and with --auto-apply what was applied, where it is and where it was', async () => {
    const runner = wfRunner();
    await engine(runner, ['run', 'autonomous-e2e', '--input', 'write a blog']);
    await feedback(runner, ['submit', '--workflow-id', 'autonomous-e2e', '--score', '4', '--feedback', SEED]);
    const looked = await feedback(runner, ['improve', '--workflow-id', 'autonomous-e2e']);
    expect(looked).toMatchObject({
      code: 0,
      err: undefined,
      out: {
        ok: true,
        workflowId: 'autonomous-e2e',
        analysis: {
          feedbackCount: 1,
          runCount: 1,
          autonomousSignals: {
            avgDurationMs: expect.any(Number),
            verifyFailures: 0,
            execFailures: 0,
            failedRuns: 0,
          },
          suggestions: [{ catalogueId: 'cite-sources' }, { catalogueId: 'keep-it-tight' }],
        },
        autoApplied: null,
      },
    });
    const line = ['improve', '--workflow-id', 'autonomous-e2e', '--auto-apply', '--max-changes', '2'];
    const { out } = await feedback(runner, line);
    expect(out.autoApplied).toEqual({
      applied: out.analysis.suggestions.map((one: { change: { sentence: string } }) => one.change.sentence),
      backupPath: expect.stringContaining(join(runner.home, 'definitions/.backups/autonomous-e2e-')),
      defPath: join(runner.home, 'definitions/autonomous-e2e.json'),
      improvementId: id,
    });
    expect(readFileSync(out.autoApplied.defPath, 'utf8')).toContain(out.autoApplied.applied[0]);
    expect(readFileSync(out.autoApplied.backupPath, 'utf8')).not.toContain(out.autoApplied.applied[0]);
    expect((await feedback(runner, line)).out.autoApplied).toBeNull();
  });

  test('every error is JSON on stderr with exit 1', async () => {
    const runner = wfRunner();
    const refused = async (code: string, ...args: readonly string[]) =>
      expect(await feedback(runner, args), args.join(' ')).toMatchObject({
        code: 1,
        out: undefined,
        err: { ok: false, error: { code, message: expect.any(String), hint: expect.any(String) } },
      });
    const about = ['submit', '--workflow-id', 'autonomous-e2e'];
    await refused('usage');
    await refused('usage', 'list');
    await refused('usage', ...about, '--score', '4');
    await refused('usage', ...about, '--feedback', 'x');
    await refused('usage', 'submit', '--score', '4', '--feedback', 'x');
    await refused('score-invalid', ...about, '--score', '6', '--feedback', 'x');
    await refused(
      'run-unknown',
      ...about,
      '--run-id',
      '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      '--score',
      '4',
      '--feedback',
      'x',
    );
    await refused('usage', 'improve');
    await refused('usage', 'improve', '--workflow-id', 'autonomous-e2e', '--apply');
    await refused('number-invalid', 'improve', '--workflow-id', 'autonomous-e2e', '--max-changes', 'many');
    await refused('workflow-unknown', 'improve', '--workflow-id', 'nothing');
  });
});
