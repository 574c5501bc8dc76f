/** Improvements are measured by the runs around them, and one that makes runs worse is taken back, or a person is asked. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

const SENTENCE = 'Give a source link for every key claim';
const file = (runner: WfRunner): string => join(runner.home, 'definitions/demo.json');
const text = (runner: WfRunner): string => readFileSync(file(runner), 'utf8');
/** Fails while `$HOME/bad` is there. */
const work = sh('test ! -e "$HOME/bad"');
const mine = (revert: object | null): string =>
  `{ // mine\n  "id": "demo", "execute": ${JSON.stringify(work)},\n  "selfImprove": ${JSON.stringify({ enabled: true, ...(revert === null ? {} : { revert }) })}\n}\n`;

let runs = 0;
async function make(runner: WfRunner, n: number, score?: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    runs += 1;
    const { run } = await runner.json(['run', 'demo', '--input', `task ${runs}`]);
    if (score !== undefined) await say(runner, run.runId, score);
  }
}
const say = (runner: WfRunner, runId: string, score: number) =>
  runner.json([
    ...['feedback', 'submit', '--run-id', runId, '--score', String(score)],
    ...['--feedback', 'no sources'],
  ]);

/** Five good runs, and the improvement. */
async function improved(revert: object | null, score?: number): Promise<{ runner: WfRunner; id: string }> {
  const runner = wfRunner();
  runner.define({ id: 'demo' });
  writeFileSync(file(runner), mine(revert));
  await make(runner, 5, score);
  if (score === undefined) {
    const { run } = await runner.json(['show', 'last']);
    // More often than runs can be slow: on a busy machine they would suggest something as well.
    for (let i = 0; i < 3; i++) await say(runner, run.runId, 4);
  }
  const done = await runner.wf([
    ...['feedback', 'improve', '--workflow-id', 'demo'],
    ...['--auto-apply', '--max-changes', '1', '--json'],
  ]);
  const id = JSON.parse(done.stdout).autoApplied.improvementId as string;
  expect(text(runner)).toContain(SENTENCE);
  return { runner, id };
}

const effect = async (runner: WfRunner, ...args: string[]) =>
  JSON.parse((await runner.wf(['feedback', 'effect', ...args, '--json'])).stdout);
const break_ = (runner: WfRunner): void => writeFileSync(runner.path('bad'), '');
const reverted = (runner: WfRunner) => runner.log().filter(({ type }) => type === 'ImprovementReverted');

describe('wf feedback effect', () => {
  test('counts the runs on both sides, and says nothing from too few', async () => {
    const { runner, id } = await improved(null, 5);
    await make(runner, 2, 3);
    expect(await effect(runner, id)).toMatchObject({
      minSample: 5,
      items: [
        {
          improvementId: id,
          changes: ['cite-sources'],
          state: 'in-force',
          before: { runs: 5, failed: 0, rated: 5, meanScore: 5, timed: 5, versions: 1 },
          after: { runs: 2, failed: 0, rated: 2, meanScore: 3 },
          ...{ score: 'too-few', failures: 'too-few', duration: 'too-few', verdict: 'too-few', leftOut: 0 },
        },
      ],
    });
    const few = await runner.wf(['feedback', 'effect']);
    expect(few).toMatchObject({ code: 0, stderr: '' });
    expect(few.stdout).toMatch(/score +5\.0 \(5 rated\) +3\.0 \(2 rated\) +too few to say: 2 of 5 after/);

    await make(runner, 3, 3);
    const { stdout } = await runner.wf(['feedback', 'effect', 'last']);
    expect(stdout).toMatch(/score +5\.0 \(5 rated\) +3\.0 \(5 rated\) +worse/);
    expect(stdout).toMatch(/failed +0 of 5 \(0 %\) +0 of 5 \(0 %\) +no clear difference/);
    expect(stdout).toContain(`✗ runs with it are worse. Take it back: wf feedback revert ${id}`);
    // Without a rule nobody does anything about it.
    expect(reverted(runner)).toEqual([]);
    expect((await runner.wf(['inbox'])).stdout).not.toContain('take');
  });

  test('goes by the definition of a run, not by the clock: runs after a change by hand are on neither side', async () => {
    const { runner, id } = await improved(null);
    await make(runner, 1);
    writeFileSync(file(runner), mine(null).replace('// mine', '// mine again'));
    await make(runner, 3);
    const { items } = await effect(runner, id);
    expect(items).toMatchObject([{ state: 'edited', before: { runs: 5 }, after: { runs: 1 }, leftOut: 3 }]);
    expect((await runner.wf(['feedback', 'effect'])).stdout).toContain('edited by hand since');
  });

  test('a home where nothing was improved says so', async () => {
    const runner = wfRunner();
    expect((await runner.wf(['feedback', 'effect'])).stdout).toContain('No improvement was applied yet.');
  });
});

describe('selfImprove.revert', () => {
  test('"revert": taken back once enough runs are worse, failed ones too; with its reason, and never twice', async () => {
    const { runner, id } = await improved({ afterRuns: 4, whenWorse: 'revert' });
    writeFileSync(file(runner), text(runner).replace('// mine', '// mine, and newer'));
    break_(runner);
    await make(runner, 4);
    expect(text(runner)).toContain(SENTENCE);
    const { stderr } = await runner.wf(['run', 'demo', '--input', 'the fifth']);
    expect(stderr).toContain(`improvement ${id} of demo was taken back: failed 0 of 5 before, 5 of 5 after`);
    // What a person wrote meanwhile is still there, to the byte.
    expect(text(runner)).toBe(
      mine({ afterRuns: 4, whenWorse: 'revert' }).replace('// mine', '// mine, and newer'),
    );
    expect(runner.log().filter(({ type }) => type === 'ImprovementIntended')).toMatchObject([
      {},
      { data: { reverts: id, reason: 'failed 0 of 5 before, 5 of 5 after' } },
    ]);
    expect(await effect(runner, id)).toMatchObject({
      items: [{ state: 'taken-back', takenBackBecause: 'failed 0 of 5 before, 5 of 5 after' }],
    });
    await make(runner, 2);
    expect(reverted(runner)).toHaveLength(1);
    // By hand again: a person means it.
    writeFileSync(
      file(runner),
      text(runner).replace('"id"', `"defaults": { "assumptions": ["${SENTENCE}."] }, "id"`),
    );
    await make(runner, 3);
    expect(reverted(runner)).toHaveLength(1);
    expect(text(runner)).toContain(SENTENCE);
  });

  test('"revert" leaves alone what a person has changed since', async () => {
    const { runner, id } = await improved({ afterRuns: 5, whenWorse: 'revert' });
    break_(runner);
    await make(runner, 4);
    writeFileSync(file(runner), text(runner).replace(SENTENCE, 'Give two source links for every key claim'));
    const edited = text(runner);
    await make(runner, 3);
    expect(text(runner)).toBe(edited);
    expect(reverted(runner)).toEqual([]);
    expect((await effect(runner, id)).items).toMatchObject([{ state: 'edited', after: { runs: 4 } }]);
  });

  test('"propose": asked once, in the inbox, until it is decided; a run after it asks no more', async () => {
    const { runner, id } = await improved({ afterRuns: 5 });
    break_(runner);
    await make(runner, 5);
    expect(text(runner)).toContain(SENTENCE);
    const waiting = JSON.parse((await runner.wf(['inbox', '--json'])).stdout).items;
    expect(waiting).toMatchObject([
      {
        kind: 'improvement',
        changes: expect.arrayContaining([
          expect.stringContaining(`take improvement ${id} (cite-sources) back`),
        ]),
        reverts: [id],
        commands: [
          { label: 'look' },
          { label: 'apply' },
          { label: 'take back', command: `wf feedback revert ${id}` },
        ],
      },
    ]);
    const look = await runner.wf(['feedback', 'improve', '--workflow-id', 'demo']);
    expect(look.stdout).toContain('because  failed 0 of 5 before, 5 of 5 after');
    expect(look.stdout).toContain(`wf feedback revert ${id}`);
    const asked = () =>
      runner
        .log()
        .filter(
          ({ type, data }) => type === 'ImprovementProposed' && JSON.stringify(data).includes('reverts'),
        );
    expect(asked()).toHaveLength(1);
    await make(runner, 1);
    expect(asked()).toHaveLength(1);

    rmSync(runner.path('bad'));
    expect((await runner.wf(['feedback', 'revert', id])).code).toBe(0);
    expect(text(runner)).toBe(mine({ afterRuns: 5 }));
    await make(runner, 1);
    expect((await runner.wf(['inbox'])).stdout).not.toContain('take improvement');
    expect(asked()).toHaveLength(1);
  });
});
