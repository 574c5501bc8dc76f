/**
 * The shapes of what the script engine wrote, as loose as they can be read without inventing anything: what is not
 * understood is left in the text that is kept word for word. Loads zod: an import is no hot path.
 */
import { z } from 'zod';
import { stageName } from '../events/run-events.ts';
import { id } from '../events/shared.ts';

/** Any time the old engine or an editor may have written; brought to the one form of this log. */
const time = z.string().transform((value, context) => {
  const ms = Date.parse(value);
  if (Number.isFinite(ms) && ms >= 0 && ms < 253_402_300_800_000) return new Date(ms).toISOString();
  context.addIssue('is not a time');
  return z.NEVER;
});
const timeOrNone = time.nullish();
const MAX_KEY_CHARS = 4096;

const stage = z.object({
  name: stageName,
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  attempts: z.int().nonnegative().max(1_000_000).default(0),
  startedAt: timeOrNone,
  finishedAt: timeOrNone,
  error: z.string().nullish(),
});

export const legacyRecord = z.object({
  runId: id,
  workflowId: id,
  idempotencyKey: z.string().min(1).max(MAX_KEY_CHARS),
  input: z.string(),
  status: z.string(),
  createdAt: time,
  updatedAt: time,
  context: z
    .object({
      route: z.string().max(200).optional().catch(undefined),
      execution: z.object({ stdout: z.string().optional() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  stages: z.array(stage).max(64).default([]),
});
export type LegacyRecord = z.infer<typeof legacyRecord>;

export const legacyIndex = z.object({ idempotency: z.record(z.string(), z.string()) });

export const legacyLogLine = z.object({
  ts: time,
  runId: id,
  workflowId: id.optional(),
  status: z.string(),
  route: z.string().optional(),
});
export type LegacyLogLine = z.infer<typeof legacyLogLine>;

export const legacyFeedback = z.object({
  ts: time,
  workflowId: id,
  runId: id.nullish(),
  score: z.int().min(1).max(5),
  feedback: z.string().min(1),
});
export type LegacyFeedback = z.infer<typeof legacyFeedback>;

export const legacyImprovement = z.object({
  ts: time,
  workflowId: id,
  applied: z.array(z.string().min(1).max(2000)).min(1).max(64),
  backupPath: z.string().optional(),
  defPath: z.string().optional(),
});
export type LegacyImprovement = z.infer<typeof legacyImprovement>;

/** In words for a person: the first thing that is wrong, and where in the value. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return `${where === '' ? '' : `${where}: `}${issue?.message ?? 'it has another shape'}`;
}
