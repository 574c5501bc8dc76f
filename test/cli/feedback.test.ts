/** Feedback and improvement through the built program: what a user says changes what the next run is told. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, type WfRunner, wfRunner } from '../support/wf.ts';

const SEED = 'Needs more source links and tighter summaries';
const BUNDLED = readFileSync(join(root, 'definitions/autonomous-e2e.json'), 'utf8');
const SOURCES = 'Give a source link for every key claim';
const IMPROVE = ['feedback', 'improve', '--workflow-id', 'autonomous-e2e'] as const;

/** The seed's own command line. */
const submit = (runner: WfRunner, runId: string, more: readonly string[] = []) =>
  runner.wf([
    ...['feedback', 'submit', '--workflow-id', 'autonomous-e2e', '--run-id', runId],
    ...['--score', '4', '--feedback', SEED, ...more],
  ]);
const run = (runner: WfRunner, input: string) => runner.json(['run', 'autonomous-e2e', '--input', input]);
const definition = (runner: WfRunner): string => join(runner.home, 'definitions/autonomous-e2e.json');
const brief = async (runner: WfRunner, input: string): Promise<string> => {
  const { tasks } = (await run(runner, input)).run;
  return readFileSync(tasks[0]?.brief ?? '', 'utf8');
};

describe('feedback', () => {
  test('is acknowledged with what comes next, and listed', async () => {
    const runner = wfRunner();
    const { runId } = (await run(runner, 'write a blog')).run;
    const said = await submit(runner, runId);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toContain(`feedback recorded: 4 of 5 for autonomous-e2e, run ${runId}`);
    expect(said.stdout).toContain('wf feedback improve --workflow-id autonomous-e2e');
    const list = await runner.wf(['feedback', 'list']);
    expect(list.stdout).toContain(SEED);
    expect(list.stdout).toContain('4 of 5');
  });

  test('is one JSON value for programs, with the same names in the list', async () => {
    const runner = wfRunner();
    const { runId } = (await run(runner, 'write a blog')).run;
    const said = JSON.parse((await submit(runner, 'last', ['--json'])).stdout);
    expect(said).toEqual({
      schema: 'wf.feedback/1',
      entry: {
        feedbackId: expect.any(String),
        ts: expect.any(String),
        workflowId: 'autonomous-e2e',
        runId,
        score: 4,
        feedback: SEED,
      },
    });
    const list = JSON.parse(
      (await runner.wf(['feedback', 'list', '--workflow', 'autonomous-e2e', '--json'])).stdout,
    );
    expect(list).toEqual({
      schema: 'wf.list/1',
      kind: 'feedback',
      items: [{ ...said.entry, by: expect.any(String) }],
    });
  });

  test('that cannot be kept is refused by number, and nothing is recorded', async () => {
    const runner = wfRunner();
    const { runId } = (await run(runner, 'write a blog')).run;
    runner.define({ id: 'other', execute: { command: '/bin/true' } });
    const before = runner.log().length;
    const about = ['--workflow-id', 'autonomous-e2e'];
    const good = ['--score', '4', '--feedback', 'x'];
    const refused = async (code: number, name: string, ...args: readonly string[]) =>
      expect(await runner.json(['feedback', 'submit', ...args]), args.join(' ')).toMatchObject({
        code,
        error: { code: name, hint: expect.any(String) },
      });
    await refused(2, 'score-invalid', ...about, '--score', '9', '--feedback', 'x');
    await refused(2, 'feedback-empty', ...about, '--score', '4', '--feedback', '  ');
    await refused(2, 'usage', ...about, '--score', '4');
    await refused(2, 'usage', ...about, '--feedback', 'x');
    await refused(2, 'usage', ...good);
    await refused(3, 'workflow-unknown', '--workflow-id', 'autonomous-e2', ...good);
    await refused(3, 'run-unknown', '--run-id', '01ARZ3NDEKTSV4RRFFQ69G5FAV', ...good);
    await refused(4, 'other-workflow', '--workflow-id', 'other', '--run-id', runId, ...good);
    expect(runner.log()).toHaveLength(before);
  });

  test('a list in a home that does not exist is empty, and makes none', async () => {
    const runner = wfRunner();
    expect(await runner.wf(['feedback', 'list'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await runner.wf(['feedback', 'list', '--json'])).stdout)).toMatchObject({ items: [] });
    expect(existsSync(runner.home)).toBe(false);
  });
});

describe('improve', () => {
  test('shows each suggestion with its evidence and risk, and what --auto-apply would do', async () => {
    const runner = wfRunner();
    await run(runner, 'write a blog');
    await submit(runner, 'last');
    const { code, stdout } = await runner.wf(IMPROVE);
    expect(code).toBe(0);
    expect(stdout).toContain('1. ask for source links   low risk');
    expect(stdout).toContain('because  "sources" in 1 of 1 feedback entry');
    expect(stdout).toContain(SOURCES);
    expect(stdout).toContain('--auto-apply would make the 2 low-risk changes');
    expect(existsSync(definition(runner))).toBe(false);
  });

  test('--auto-apply edits the home’s copy, the next run is told so, and revert gives the bytes back', async () => {
    const runner = wfRunner();
    expect(await brief(runner, 'write a blog')).not.toContain(SOURCES);
    await submit(runner, 'last');
    const applied = await runner.wf([...IMPROVE, '--auto-apply', '--max-changes', '2']);
    expect(applied.code).toBe(0);
    expect(applied.stdout).toContain('applied 2 changes as improvement');
    expect(readFileSync(definition(runner), 'utf8')).toContain(SOURCES);
    expect(readFileSync(join(root, 'definitions/autonomous-e2e.json'), 'utf8')).toBe(BUNDLED);
    expect(await brief(runner, 'write another blog')).toContain(SOURCES);

    const reverted = await runner.wf(['feedback', 'revert', 'last']);
    expect(reverted).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(definition(runner), 'utf8')).toBe(BUNDLED);
    expect(await brief(runner, 'write a third blog')).not.toContain(SOURCES);
    expect(await runner.json(['feedback', 'revert', 'last'])).toMatchObject({
      code: 3,
      error: { code: 'improvement-unknown' },
    });
  });

  test('programs get both as one value, and a second revert is a conflict', async () => {
    const runner = wfRunner();
    await run(runner, 'write a blog');
    await submit(runner, 'last');
    const json = async (...args: readonly string[]) =>
      JSON.parse((await runner.wf([...args, '--json'])).stdout);
    const { autoApplied, ...improved } = await json(...IMPROVE, '--auto-apply', '--max-changes', '1');
    expect(improved).toMatchObject({
      schema: 'wf.improvement/1',
      action: 'improve',
      workflowId: 'autonomous-e2e',
      analysis: { feedbackCount: 1, runCount: 1, suggestions: [{ risk: 'low' }, { risk: 'low' }] },
      applicable: 1,
    });
    expect(autoApplied).toMatchObject({ changes: [{ kind: 'add-assumption' }], file: definition(runner) });
    expect(readFileSync(autoApplied.backup, 'utf8')).toBe(BUNDLED);
    const prefix = autoApplied.improvementId.toLowerCase();
    expect(await json('feedback', 'revert', prefix)).toMatchObject({
      schema: 'wf.improvement/1',
      action: 'revert',
      reverted: autoApplied.improvementId,
      file: definition(runner),
    });
    expect(await runner.json(['feedback', 'revert', prefix])).toMatchObject({
      code: 4,
      error: { code: 'improvement-reverted' },
    });
  });

  test('is refused for an unknown workflow, without one, and for a number of changes that is none', async () => {
    const runner = wfRunner();
    const of = (...args: readonly string[]) => runner.json(['feedback', 'improve', ...args]);
    expect(await of('--workflow-id', 'autonomous-e2')).toMatchObject({
      code: 3,
      error: { code: 'workflow-unknown' },
    });
    expect(await of()).toMatchObject({ code: 2 });
    expect(await of('--workflow-id', 'autonomous-e2e', '--max-changes', '0')).toMatchObject({ code: 2 });
    expect(await runner.json(['feedback', 'revert', '01ARZ3NDEKTSV4RRFFQ69G5FAV'])).toMatchObject({
      code: 3,
    });
    expect(await runner.json(['feedback', 'revert', '../x'])).toMatchObject({ code: 2 });
  });

  test('by several processes at once changes the file once', async () => {
    const runner = wfRunner();
    await run(runner, 'write a blog');
    await submit(runner, 'last');
    const ends = await Promise.all(Array.from({ length: 4 }, () => runner.wf([...IMPROVE, '--auto-apply'])));
    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(4).fill({ code: 0, stderr: '' }),
    );
    expect(ends.filter(({ stdout }) => stdout.includes('● applied'))).toHaveLength(1);
    expect(readFileSync(definition(runner), 'utf8').split(SOURCES)).toHaveLength(2);
    expect(runner.types().filter((type) => type === 'ImprovementApplied')).toHaveLength(1);
    expect(await runner.wf(['rebuild-projections', '--check'])).toMatchObject({ code: 0 });
  });

  test('changes nothing where no backup can be kept, and says where', async () => {
    const runner = wfRunner();
    runner.define({ id: 'mine', execute: { dispatcher: 'manual' } });
    await runner.wf(['feedback', 'submit', '--workflow-id', 'mine', '--score', '2', '--feedback', SEED]);
    const file = join(runner.home, 'definitions/mine.json');
    const before = readFileSync(file, 'utf8');
    const inTheWay = join(runner.home, 'definitions/.backups');
    writeFileSync(inTheWay, '');
    const end = await runner.json(['feedback', 'improve', '--workflow-id', 'mine', '--auto-apply']);
    expect(end).toMatchObject({ code: 74, error: { code: 'backup-failed', where: inTheWay } });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(runner.types()).not.toContain('ImprovementIntended');
  });
});

describe('a run of a workflow that improves itself', () => {
  test('makes the low-risk changes at its log stage, and says so; its own brief stays as it was dispatched', async () => {
    const runner = wfRunner();
    await runner.wf([
      'feedback',
      'submit',
      '--workflow-id',
      'autonomous-e2e',
      '--score',
      '4',
      '--feedback',
      SEED,
    ]);
    const text = await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog']);
    expect(text.code).toBe(0);
    expect(text.stderr).toMatch(/✓ log +2 suggestions, 1 applied/);
    expect(readFileSync(definition(runner), 'utf8')).toContain(SOURCES);
    expect(await brief(runner, 'write another blog')).toContain(SOURCES);
    expect(runner.types().filter((type) => type === 'ImprovementProposed')).toHaveLength(1);
  });

  test('ends well when its definition is broken meanwhile: the analysis fails, not the run', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'breaks',
      execute: { command: '/bin/sh', args: ['-c', 'echo "{" > "$WF_HOME/definitions/breaks.json"'] },
      selfImprove: { enabled: true, autoApplyLowRisk: true },
    });
    const { code, run: ended } = await runner.json(['run', 'breaks', '--input', 'x']);
    expect({ code, status: ended.status }).toEqual({ code: 0, status: 'completed' });
    const log = runner.log().find((event) => event.type === 'StageCompleted' && event.data.stage === 'log');
    expect(log?.data.output).toMatchObject({ selfImprove: { applied: [], error: expect.any(String) } });
    writeFileSync(
      join(runner.home, 'definitions/breaks.json'),
      '{"id":"breaks","execute":{"command":"/bin/true"}}',
    );
    expect(await runner.json(['run', 'breaks', '--input', 'y'])).toMatchObject({ code: 0 });
  });
});
