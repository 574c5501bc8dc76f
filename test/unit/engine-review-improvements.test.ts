/** The review at a run's end: whom it blames, what it leaves alone, and what a crash in the middle of it leaves. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { improve } from '../../src/engine/improve.ts';
import { measureImprovement } from '../../src/engine/measure-improvements.ts';
import { reviewAfterRun } from '../../src/engine/review-improvements.ts';
import type { Improver } from '../../src/engine/settle-intents.ts';
import { submitFeedback } from '../../src/engine/submit-feedback.ts';
import { recordWorkflowFact } from '../../src/engine/workflow-facts.ts';
import { runStream } from '../../src/events/streams.ts';
import { noRun } from '../../src/workflow/state.ts';
import { type ImproveHome, improveHome } from '../support/improve-home.ts';
import { type Opened, WORKFLOW } from '../support/open-improve-home.ts';

const TEXT = `{
  "id": "demo", // mine
  "execute": { "dispatcher": "manual" },
  "selfImprove": { "enabled": true, "revert": { "afterRuns": 5, "whenWorse": "revert" } }
}
`;

/** So many ended runs of the definition as its file is now. The log has what the engine would have written of them. */
async function runs(home: ImproveHome, at: Opened, n: number, end: 'good' | 'bad'): Promise<void> {
  const { ports } = at.improver;
  const body = home.read();
  const definitionHash = ports.sha256(body);
  await ports.projections.project();
  if (!ports.projections.isRegistered(WORKFLOW, definitionHash))
    await recordWorkflowFact(ports, WORKFLOW, {
      type: 'DefinitionRegistered',
      data: { workflowId: WORKFLOW, definitionHash, source: 'home', body },
    });
  for (let i = 0; i < n; i++) {
    const runId = ports.newId();
    const input = `task ${runId}`;
    const started = {
      ...{ runId, workflowId: WORKFLOW, definitionHash, key: ports.sha256(input) },
      ...{ inputHash: ports.sha256(input), input, redactions: 0, forced: false, salt: 'saltsalt' },
    };
    const error = { code: 'exit-code', message: 'exited with 1' };
    await ports.store.append(
      runStream(runId),
      0,
      [
        { type: 'RunStarted', data: started },
        end === 'good'
          ? { type: 'RunCompleted', data: { outcome: 'done' } }
          : { type: 'RunFailed', data: { stage: 'execute', error } },
      ],
      { commitId: ports.newId(), durable: true },
    );
  }
  await ports.projections.project();
}

const say = (at: Opened, text: string) =>
  submitFeedback(at.improver, { workflowId: WORKFLOW, score: '4', text, by: 'me' });
async function apply(at: Opened, text: string): Promise<string> {
  await say(at, text);
  const { autoApplied } = await improve(at.improver, {
    workflowId: WORKFLOW,
    autoApply: true,
    maxChanges: 1,
  });
  return autoApplied?.improvementId ?? '';
}
const review = (improver: Improver) =>
  reviewAfterRun(improver, { ...noRun, workflowId: WORKFLOW, runId: 'R-last' });
const statusOf = async (at: Opened, id: string): Promise<string | undefined> =>
  (await at.facts()).improvements.find(({ improvementId }) => improvementId === id)?.status;

async function given() {
  const home = improveHome('home', TEXT);
  return { home, at: await home.open() };
}

describe('of two improvements, the newer of which is bad', () => {
  it('only that one is taken back; runs with both are not held against the older one', async () => {
    const { home, at } = await given();
    await runs(home, at, 5, 'good');
    const older = await apply(at, 'needs sources');
    await runs(home, at, 5, 'good');
    const newer = await apply(at, 'too long');
    await runs(home, at, 6, 'bad');
    await review(at.improver);
    expect([await statusOf(at, older), await statusOf(at, newer)]).toEqual(['applied', 'reverted']);
    await review(at.improver);
    expect(await statusOf(at, older)).toBe('applied');
    const improvement = (await at.facts()).improvements.find(({ improvementId }) => improvementId === older);
    if (improvement === undefined) throw new Error('it is gone');
    expect(await measureImprovement(at.improver.ports, improvement)).toMatchObject({
      before: { runs: 5 },
      after: { runs: 5, failed: 0 },
      leftOut: 6,
    });
    expect(home.read()).toContain('source link');
  });
});

describe('nothing is done', () => {
  it.each([
    ['from too few runs', 4, TEXT],
    ['where it is switched off', 9, TEXT.replace('"enabled": true', '"enabled": false')],
    ['where nobody says what becomes of it', 9, TEXT.replace(/, "revert": \{[^}]*\}/, '')],
  ])('%s', async (_what, n, text) => {
    const home = improveHome('home', text);
    const at = await home.open();
    await runs(home, at, 5, 'good');
    const id = await apply(at, 'needs sources');
    await runs(home, at, n, 'bad');
    const before = home.read();
    await review(at.improver);
    expect(await statusOf(at, id)).toBe('applied');
    expect(home.read()).toBe(before);
  });

  it('where runs are no worse', async () => {
    const { home, at } = await given();
    await runs(home, at, 5, 'good');
    const id = await apply(at, 'needs sources');
    await runs(home, at, 9, 'good');
    await runs(home, at, 1, 'bad');
    await review(at.improver);
    expect(await statusOf(at, id)).toBe('applied');
  });

  it('to a file that a person saves at that very moment', async () => {
    const { home, at } = await given();
    await runs(home, at, 5, 'good');
    const id = await apply(at, 'needs sources');
    await runs(home, at, 5, 'bad');
    const mine = home.read().replace('// mine', '// mine, and newer');
    await review(at.interrupted('after', 'ImprovementIntended', () => fs.writeFileSync(home.file, mine)));
    expect(home.read()).toBe(mine);
    expect(await statusOf(at, id)).toBe('applied');
    // The next run's end finds the file as the person left it, and the improvement still in it.
    await review(at.improver);
    expect(home.read()).toBe(TEXT.replace('// mine', '// mine, and newer'));
  });
});

describe('a review that is killed', () => {
  it.each([
    ['before', 'ImprovementIntended'],
    ['after', 'ImprovementIntended'],
    ['before', 'ImprovementReverted'],
    ['after', 'ImprovementReverted'],
  ])('%s %s is brought to its end by the next one, once', async (when, type) => {
    const { home, at } = await given();
    await runs(home, at, 5, 'good');
    const id = await apply(at, 'needs sources');
    await runs(home, at, 5, 'bad');
    const child = path.join(import.meta.dirname, '../support/review-child.ts');
    const args = [child, home.home, path.join(home.root, 'package'), when, type];
    const { signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ signal, stdout, stderr }).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    await at.improver.ports.projections.project();
    await review(at.improver);
    await review(at.improver);
    expect(home.read()).toBe(TEXT);
    expect(await statusOf(at, id)).toBe('reverted');
    expect((await at.types()).filter((one) => one === 'ImprovementReverted')).toHaveLength(1);
  });
});
