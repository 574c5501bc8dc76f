/** Feedback that is accepted is on disk, without secrets and about something that exists; all other is refused. */
import { describe, expect, it } from 'vitest';
import {
  type FeedbackRequest,
  MAX_FEEDBACK_BYTES,
  submitFeedback,
} from '../../src/engine/submit-feedback.ts';
import { runStream } from '../../src/events/streams.ts';
import { feedback } from '../../src/home/read-model.ts';
import { improveHome } from '../support/improve-home.ts';
import { type Opened, WORKFLOW } from '../support/open-improve-home.ts';

const submit = (at: Opened, request: Partial<FeedbackRequest>) =>
  submitFeedback(at.improver, { workflowId: WORKFLOW, score: '3', text: 'fine', by: 'me', ...request });

/** As much of a run as feedback looks at. */
async function withRun(at: Opened, runId: string, workflowId = WORKFLOW): Promise<void> {
  const hash = '0'.repeat(64);
  const data = {
    runId,
    workflowId,
    definitionHash: hash,
    key: 'k',
    inputHash: hash,
    input: 'x',
    redactions: 0,
    forced: false,
    salt: '12345678',
  };
  const { store, newId } = at.improver.ports;
  await store.append(runStream(runId), 0, [{ type: 'RunStarted', data }], {
    commitId: newId(),
    durable: false,
  });
}

describe('accepted', () => {
  it('is answered with what the log has of it, and listed with the same words', async () => {
    const at = await improveHome().open();
    await withRun(at, 'R1');
    const entry = await submit(at, { runId: 'R1', score: '5', text: '  very good \n' });
    const [event] = await at.events();
    expect(event?.data).toMatchObject({
      feedbackId: entry.feedbackId,
      runId: 'R1',
      score: 5,
      text: 'very good',
    });
    expect(entry).toMatchObject({
      ts: event?.ts,
      workflowId: WORKFLOW,
      runId: 'R1',
      score: 5,
      feedback: 'very good',
    });
    const [listed] = feedback(at.opened.index, { limit: 5 });
    expect(listed).toMatchObject({ feedbackId: entry.feedbackId, at: entry.ts, text: 'very good' });
  });

  it('knows the workflow from the run', async () => {
    const at = await improveHome().open();
    await withRun(at, 'R1');
    const { workflowId: _, ...request } = { workflowId: '', score: '1', text: 'bad', by: 'me', runId: 'R1' };
    expect((await submitFeedback(at.improver, request)).workflowId).toBe(WORKFLOW);
  });

  it('has its secrets replaced before anything is recorded', async () => {
    const at = await improveHome().open();
    const { feedback: text } = await submit(at, { text: 'it printed password=hunter22 again' });
    expect(text).not.toContain('hunter22');
    expect(JSON.stringify(await at.events())).not.toContain('hunter22');
  });

  it('may be as long as said, to the byte', async () => {
    const at = await improveHome().open();
    const { feedback: text } = await submit(at, { text: 'ä'.repeat(MAX_FEEDBACK_BYTES / 2) });
    expect(text).toHaveLength(MAX_FEEDBACK_BYTES / 2);
    await expect(submit(at, { text: `${'ä'.repeat(MAX_FEEDBACK_BYTES / 2)}.` })).rejects.toMatchObject({
      code: 'feedback-too-large',
    });
  });
});

describe('refused', () => {
  it.each(['0', '6', '4.5', '', 'five', '1e0', ' 3', '-1', '٣'])(
    'a score of %j, which is no whole number from 1 to 5',
    async (score) => {
      const at = await improveHome().open();
      await expect(submit(at, { score })).rejects.toMatchObject({ code: 'score-invalid', exitCode: 2 });
      expect(await at.events()).toEqual([]);
    },
  );

  it.each([
    ['', 'feedback-empty'],
    [' \n\t', 'feedback-empty'],
    ['a\0b', 'feedback-nul'],
    ['caf\uFFFD', 'feedback-encoding'],
  ])('a text of %j, which says nothing or cannot be read', async (text, code) => {
    const at = await improveHome().open();
    await expect(submit(at, { text })).rejects.toMatchObject({ code, exitCode: 2 });
  });

  it('a workflow or run that is not there, another workflow’s run, and nothing named at all', async () => {
    const at = await improveHome().open();
    await withRun(at, 'R1', 'other');
    await expect(submit(at, { workflowId: 'dem' })).rejects.toMatchObject({
      code: 'workflow-unknown',
      exitCode: 3,
    });
    await expect(submit(at, { workflowId: '../x' })).rejects.toMatchObject({
      code: 'workflow-id-invalid',
      exitCode: 2,
    });
    await expect(submit(at, { runId: 'R2' })).rejects.toMatchObject({ code: 'run-unknown', exitCode: 3 });
    await expect(submit(at, { runId: 'R1' })).rejects.toMatchObject({ code: 'other-workflow', exitCode: 4 });
    await expect(submitFeedback(at.improver, { score: '1', text: 'x', by: 'me' })).rejects.toMatchObject({
      exitCode: 2,
    });
    expect(await at.events()).toEqual([]);
  });
});
