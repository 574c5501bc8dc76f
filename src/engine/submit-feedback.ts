/** Feedback about a workflow or one of its runs: one fact, durable before it is acknowledged. */
import { conflictError, usageError } from '../errors.ts';
import { workflowStream } from '../events/streams.ts';
import { type DefinitionPlaces, findDefinition } from '../home/definitions.ts';
import { utf8Length } from '../workflow/stages/intake.ts';
import { requireRun } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { recordWorkflowFact } from './workflow-facts.ts';

export const MAX_FEEDBACK_BYTES = 64 * 1024;

export type FeedbackRequest = {
  /** May be left out where a run is named. */
  readonly workflowId?: string;
  readonly runId?: string;
  readonly score: string;
  readonly text: string;
  readonly by: string;
};

export type SubmittedFeedback = {
  readonly feedbackId: string;
  readonly ts: string;
  readonly workflowId: string;
  readonly runId: string | null;
  readonly score: number;
  /** As recorded: secrets are replaced. */
  readonly feedback: string;
};

/** @throws {WfError} exit 2 for score or text, 3 for an unknown workflow or run, 4 for another workflow's run */
export async function submitFeedback(
  { ports, places }: { readonly ports: EnginePorts; readonly places: DefinitionPlaces },
  request: FeedbackRequest,
): Promise<SubmittedFeedback> {
  const score = readScore(request.score);
  const text = ports.redact(readText(request.text)).text;
  const workflowId = await workflowOf(ports, places, request);
  const feedbackId = ports.newId();
  const version = await recordWorkflowFact(ports, workflowId, {
    type: 'FeedbackSubmitted',
    data: {
      feedbackId,
      workflowId,
      ...(request.runId === undefined ? {} : { runId: request.runId }),
      score,
      text,
      by: request.by,
      salt: ports.randomWord(16),
    },
  });
  await ports.projections.project();
  const ts = await timeOf(ports, workflowId, version);
  return { feedbackId, ts, workflowId, runId: request.runId ?? null, score, feedback: text };
}

function readScore(given: string): number {
  if (/^[1-5]$/.test(given)) return Number(given);
  throw usageError('score-invalid', `${JSON.stringify(given)} is no score`, {
    where: '--score',
    hint: 'Give a whole number from 1 (bad) to 5 (good).',
  });
}

function readText(given: string): string {
  const text = given.trim();
  const refuse = (code: string, message: string, hint: string): Error =>
    usageError(code, message, { where: '--feedback', hint });
  if (text === '')
    throw refuse('feedback-empty', 'the feedback is empty', 'Say what was good or bad: --feedback "…"');
  if (text.includes('\0'))
    throw refuse('feedback-nul', 'the feedback contains a NUL character', 'Remove it.');
  if (text.includes('\uFFFD'))
    throw refuse('feedback-encoding', 'the feedback is not valid UTF-8', 'Give it as UTF-8.');
  const bytes = utf8Length(text);
  if (bytes <= MAX_FEEDBACK_BYTES) return text;
  throw refuse(
    'feedback-too-large',
    `the feedback has ${bytes} bytes; the limit is ${MAX_FEEDBACK_BYTES}`,
    'Say it shorter, or name a file in it.',
  );
}

async function workflowOf(
  ports: EnginePorts,
  places: DefinitionPlaces,
  { workflowId, runId }: FeedbackRequest,
): Promise<string> {
  if (runId === undefined) {
    if (workflowId === undefined) {
      throw usageError('usage', 'it is not said what the feedback is about', {
        hint: 'Name it: --workflow-id ID, or --run-id RUN',
      });
    }
    return (await findDefinition(places, workflowId)).id;
  }
  const run = await requireRun(ports, runId);
  if (workflowId === undefined || workflowId === run.workflowId) return run.workflowId;
  throw conflictError(
    'other-workflow',
    `run ${runId} belongs to workflow ${run.workflowId}, not ${workflowId}`,
    {
      hint: `Say --workflow-id ${run.workflowId}, or leave it out.`,
    },
  );
}

/** The log's own time, so that every list shows the same. */
async function timeOf(ports: EnginePorts, workflowId: string, version: number): Promise<string> {
  for await (const event of ports.store.read(workflowStream(workflowId), { from: version, to: version }))
    return event.ts;
  return new Date(ports.clock.now()).toISOString();
}
