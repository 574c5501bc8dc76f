/** Shapes of what stands in lists: what waits, definitions, tools and feedback. */
import { z } from 'zod';
import { risk } from '../../events/run-events.ts';
import { count, isoTime } from '../../events/shared.ts';
import { at, path, runItem } from './run-shapes.ts';

const commands = z.array(z.object({ label: z.string(), command: z.string() }));
const waitingRun = {
  runId: z.string(),
  workflowId: z.string(),
  task: z.string(),
  since: isoTime,
  commands,
};
export const inboxItem = z.discriminatedUnion('kind', [
  z.object({
    ...waitingRun,
    kind: z.literal('approval'),
    approvalId: z.string(),
    risk,
    reasons: z.array(z.string()),
    /** Until when it can be answered, and what becomes of the run then; absent = for ever. */
    expiresAt: isoTime.optional(),
    onExpire: z.enum(['cancel', 'skip']).optional(),
  }),
  z.object({
    ...waitingRun,
    kind: z.literal('task'),
    taskId: z.string(),
    step: z.string(),
    dispatcher: z.string(),
    brief: path.optional(),
  }),
  z.object({ ...waitingRun, kind: z.literal('outcome'), effectId: z.string() }),
  z.object({ ...waitingRun, kind: z.literal('in-doubt'), effectId: z.string() }),
  z.object({
    kind: z.literal('improvement'),
    proposalId: z.string(),
    workflowId: z.string(),
    since: isoTime,
    changes: z.array(z.string()),
    /** Ids of improvements that it is proposed to take back. */
    reverts: z.array(z.string()),
    commands,
  }),
]);

export const source = z.enum(['home', 'bundled']);
const definitionItem = z.object({
  id: z.string(),
  source,
  file: path,
  overrides: z.boolean(),
  ok: z.boolean(),
  problems: count,
  description: z.string().nullable(),
  routes: z.array(z.string()),
  steps: z.array(z.string()),
});
const toolItem = z.object({
  tool: z.string(),
  workflowId: z.string(),
  required: z.boolean(),
  command: z.array(z.string()).nullable(),
  ready: z.boolean(),
  since: at,
  lastError: z.string().nullable(),
});
export const feedbackEntry = z.object({
  feedbackId: z.string(),
  ts: isoTime,
  workflowId: z.string(),
  runId: z.string().nullable(),
  score: z.int().min(1).max(5),
  feedback: z.string(),
});

const listOf = <K extends string>(kind: K, item: z.ZodType) =>
  z.object({ schema: z.literal('wf.list/1'), kind: z.literal(kind), items: z.array(item) });

export const lists = z.discriminatedUnion('kind', [
  listOf('runs', runItem),
  listOf('inbox', inboxItem),
  listOf('definitions', definitionItem),
  listOf('tools', toolItem),
  listOf('feedback', feedbackEntry.extend({ by: z.string() })),
]);
