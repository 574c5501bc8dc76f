/** The analysis in a real home: what it proposes and applies, and that it never repeats itself. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Improved, improve, improveAfterRun } from '../../src/engine/improve.ts';
import { submitFeedback } from '../../src/engine/submit-feedback.ts';
import { inbox } from '../../src/home/inbox.ts';
import type { Definition } from '../../src/workflow/definition.ts';
import { CITE_SOURCES, GIVE_DETAIL, KEEP_IT_TIGHT } from '../../src/workflow/improve/catalogue.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { noRun, type RunState } from '../../src/workflow/state.ts';
import { DEFINITION, improveHome } from '../support/improve-home.ts';
import { type Opened, WORKFLOW } from '../support/open-improve-home.ts';

const BOTH = 'Needs more source links and tighter summaries';

const say = (at: Opened, text: string, score = '4') =>
  submitFeedback(at.improver, { workflowId: WORKFLOW, score, text, by: 'me' });
const look = (at: Opened, more: object = {}): Promise<Improved> =>
  improve(at.improver, { workflowId: WORKFLOW, autoApply: false, ...more });
const ids = (improved: Improved): string[] => improved.analysis.suggestions.map((s) => s.catalogueId);
const withSentences = (...sentences: readonly string[]): string =>
  DEFINITION.replace('"Ask nobody."', ['Ask nobody.', ...sentences].map((s) => JSON.stringify(s)).join(', '));

describe('what is proposed', () => {
  it('names the feedback it comes from and is recorded once, however often it is looked for', async () => {
    const at = await improveHome().open();
    const { feedbackId } = await say(at, BOTH);
    const first = await look(at);
    expect(ids(first)).toEqual(['cite-sources', 'keep-it-tight']);
    expect(first.analysis.suggestions[0]?.evidence.join()).toContain(feedbackId);
    expect(first).toMatchObject({ applicable: 2, autoApplied: null });
    expect((await look(at)).proposalId).toBe(first.proposalId);
    // One more entry is more evidence for the same thing, and no new proposal.
    await say(at, 'more links please');
    expect((await look(at)).proposalId).toBe(first.proposalId);
    expect(await at.types()).toEqual(['FeedbackSubmitted', 'ImprovementProposed', 'FeedbackSubmitted']);
  });

  it('is proposed anew when it is something else, and the newest takes the place of the older', async () => {
    const at = await improveHome().open();
    await say(at, 'needs sources');
    const first = await look(at);
    await say(at, 'this is wrong');
    const second = await look(at);
    expect(second.proposalId).not.toBe(first.proposalId);
    expect(ids(second)).toEqual(['check-facts', 'cite-sources']);
    expect((await at.facts()).proposal?.proposalId).toBe(second.proposalId);
  });

  it('does not wait in the inbox any more once the user wrote it into the definition', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, 'needs sources');
    await look(at);
    await at.facts();
    expect(inbox(at.opened.index).map((item) => item.kind)).toEqual(['improvement']);
    fs.writeFileSync(given.file, withSentences(CITE_SOURCES.sentence));
    expect(await look(at)).not.toHaveProperty('proposalId');
    await at.facts();
    expect(inbox(at.opened.index)).toEqual([]);
  });

  it('of two processes that find the same thing only one records it', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    const views = await Promise.all([given.open(), given.open(), given.open()]);
    const found = await Promise.all(views.map((view) => look(view)));
    expect(new Set(found.map((one) => one.proposalId)).size).toBe(1);
    expect((await at.types()).filter((type) => type === 'ImprovementProposed')).toHaveLength(1);
  });

  it('an unknown workflow is named as such, and leaves no trace', async () => {
    const given = improveHome();
    const at = await given.open();
    await expect(improve(at.improver, { workflowId: 'dem', autoApply: true })).rejects.toMatchObject({
      code: 'workflow-unknown',
      exitCode: 3,
    });
    expect(fs.readdirSync(path.dirname(given.file))).toEqual(['demo.json']);
  });
});

describe('what is applied', () => {
  it('is in the file with the comments kept, and the file from before beside it', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    const { autoApplied } = await look(at, { autoApply: true });
    expect(given.read()).toBe(withSentences(CITE_SOURCES.sentence, KEEP_IT_TIGHT.sentence));
    expect(autoApplied).toMatchObject({ file: given.file, copiedFromBundled: false });
    expect(fs.readFileSync(path.join(given.home, autoApplied?.backup ?? ''), 'utf8')).toBe(DEFINITION);
    expect(await at.types()).toEqual([
      'FeedbackSubmitted',
      'ImprovementProposed',
      'ImprovementIntended',
      'ImprovementApplied',
    ]);
    expect((await at.facts()).improvements).toMatchObject([{ status: 'applied' }]);
  });

  it('is at most what was allowed at once, the rest stays proposed, and the next time is its turn', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    await look(at, { autoApply: true, maxChanges: 1 });
    expect(given.read()).toBe(withSentences(CITE_SOURCES.sentence));
    expect((await at.facts()).proposal?.open).toEqual(['keep-it-tight']);
    await look(at, { autoApply: true, maxChanges: 1 });
    expect(given.read()).toBe(withSentences(CITE_SOURCES.sentence, KEEP_IT_TIGHT.sentence));
    expect(await look(at, { autoApply: true })).toMatchObject({ autoApplied: null, applicable: 0 });
    expect((await at.types()).filter((type) => type === 'ImprovementProposed')).toHaveLength(1);
  });

  it('leaves the package’s definition alone: the home gets its own', async () => {
    const given = improveHome('bundled');
    const at = await given.open();
    await say(at, 'needs sources');
    const { autoApplied } = await look(at, { autoApply: true });
    expect(autoApplied).toMatchObject({ copiedFromBundled: true, file: given.file });
    expect(given.read()).toBe(withSentences(CITE_SOURCES.sentence));
    expect(fs.readFileSync(path.join(given.bundledDir, 'demo.json'), 'utf8')).toBe(DEFINITION);
  });

  it('once, by however many processes at the same time', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    const views = await Promise.all([given.open(), given.open(), given.open()]);
    const done = await Promise.all(views.map((view) => look(view, { autoApply: true })));
    expect(done.filter((one) => one.autoApplied !== null)).toHaveLength(1);
    expect(given.read()).toBe(withSentences(CITE_SOURCES.sentence, KEEP_IT_TIGHT.sentence));
    expect((await at.types()).filter((type) => type.startsWith('Improvement'))).toEqual([
      'ImprovementProposed',
      'ImprovementIntended',
      'ImprovementApplied',
    ]);
  });
});

describe('after a run', () => {
  const run: RunState = { ...noRun, runId: 'R1', workflowId: WORKFLOW };
  const pinned = (selfImprove: object = {}): Definition =>
    normaliseDefinition({
      id: WORKFLOW,
      execute: { dispatcher: 'manual' },
      selfImprove: { enabled: true, autoApplyLowRisk: true, ...selfImprove },
    });
  const afterRun = (at: Opened, definition = pinned()) => improveAfterRun(at.improver, run, definition);

  it('nothing is recorded where there is nothing to say', async () => {
    const at = await improveHome().open();
    expect(await afterRun(at)).toEqual({ suggestions: 0, applied: [] });
    expect(await at.types()).toEqual([]);
  });

  it('low-risk changes are made where the definition wants it, at most so many, named by the improvement', async () => {
    const given = improveHome('home', DEFINITION.replace('"maxChangesPerRun": 2', '"maxChangesPerRun": 1'));
    const at = await given.open();
    await say(at, BOTH);
    const log = await afterRun(at);
    const { improvements, proposal } = await at.facts();
    expect(log).toEqual({
      proposalId: proposal?.proposalId,
      suggestions: 2,
      applied: [improvements[0]?.improvementId],
    });
    expect(proposal).toMatchObject({ runId: 'R1' });
    expect(improvements).toMatchObject([{ status: 'applied', changes: [{ catalogueId: 'cite-sources' }] }]);
  });

  it('they are only proposed where it does not, be it by the run’s definition or by the file as it is now', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    expect(await afterRun(at, pinned({ autoApplyLowRisk: false }))).toMatchObject({
      suggestions: 2,
      applied: [],
    });
    const off = DEFINITION.replace('"autoApplyLowRisk": true', '"autoApplyLowRisk": false');
    fs.writeFileSync(given.file, off);
    expect(await afterRun(at)).toMatchObject({ suggestions: 2, applied: [] });
    fs.writeFileSync(given.file, DEFINITION.replace('"enabled": true', '"enabled": false'));
    expect(await afterRun(at)).toMatchObject({ suggestions: 2, applied: [] });
    expect((await at.types()).filter((type) => type.startsWith('Improvement'))).toEqual([
      'ImprovementProposed',
    ]);
  });

  it('a definition that broke meanwhile is a sentence in the log stage, and never the run’s end', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, BOTH);
    fs.writeFileSync(given.file, '{');
    expect(await afterRun(at)).toMatchObject({
      suggestions: 0,
      applied: [],
      error: expect.stringMatching(/\S/),
    });
    expect(given.read()).toBe('{');
  });

  it('what one user wants longer and another shorter changes nothing', async () => {
    const given = improveHome();
    const at = await given.open();
    await say(at, 'too long');
    await say(at, 'too short');
    expect(await afterRun(at)).toEqual({ suggestions: 0, applied: [] });
    await say(at, 'more detail please');
    await afterRun(at);
    expect(given.read()).toBe(withSentences(GIVE_DETAIL.sentence));
  });
});
