/** Shapes of a run as several verbs print it: whole, in a list, and with its steps and approvals. */
import { z } from 'zod';
import { NOTIFY_ON } from '../../events/notify-events.ts';
import { keep, receipt, risk, stageName, stageOutputs } from '../../events/run-events.ts';
import { count, isoTime, problem, sha256Hex } from '../../events/shared.ts';

export const status = z.enum(['running', 'waiting', 'handed_off', 'completed', 'failed', 'cancelled']);
export const outcome = z.enum(['done', 'handed_off', 'failed', 'unreported']).nullable();
export const at = isoTime.nullable();
export const path = z.string();

export const waiting = z.object({
  for: z.enum(['approval', 'outcome', 'unknown-effect', 'retry']),
  id: z.string(),
  since: isoTime.optional(),
  until: isoTime.optional(),
});

export const run = z.object({
  runId: z.string(),
  workflowId: z.string(),
  status,
  outcome,
  route: z.string().nullable(),
  risk: risk.nullable(),
  task: z.string(),
  idempotencyKey: z.string(),
  forced: z.boolean(),
  createdAt: isoTime,
  updatedAt: isoTime,
  finishedAt: at,
  waiting: waiting.nullable(),
  error: problem.extend({ stage: stageName, step: z.string().optional() }).nullable(),
  summaryFile: path.nullable(),
  /** False: it is no file any more; `wf show --file summary` prints it. */
  summaryKept: z.boolean().optional(),
  tasks: z.array(
    z.object({
      taskId: z.string(),
      step: z.string(),
      dispatcher: z.string(),
      jobId: z.string().optional(),
      brief: path.optional(),
    }),
  ),
  stages: z.array(
    z.object({
      name: stageName,
      status: z.enum(['pending', 'running', 'completed', 'failed']),
      attempts: count,
      startedAt: at,
      finishedAt: at,
      error: problem.nullable(),
    }),
  ),
  /** Empty for a run imported from the script engine. */
  definitionHash: z.union([sha256Hex, z.literal('')]),
  /** Only of a run whose texts were erased. */
  erasedAt: isoTime.optional(),
});

/** A run in a list. */
export const runItem = run
  .pick({
    runId: true,
    workflowId: true,
    status: true,
    outcome: true,
    route: true,
    risk: true,
    task: true,
    idempotencyKey: true,
    forced: true,
    createdAt: true,
    updatedAt: true,
    finishedAt: true,
    waiting: true,
  })
  .extend({
    durationMs: count.nullable(),
    error: z.object({ stage: stageName.nullable(), message: z.string() }).nullable(),
  });

/** Given up as the definition's retention asks: a duration, or how many of the newest runs. */
export const expiry = z.object({ at: isoTime, keep });

export const effect = z.object({
  effectId: z.string(),
  step: z.string(),
  attempt: count,
  dispatcher: z.string(),
  target: z.string().optional(),
  status: z.enum(['intended', 'done', 'handed_off', 'failed', 'not_performed', 'unknown', 'withdrawn']),
  key: z.string(),
  idempotent: z.boolean(),
  taskId: z.string().optional(),
  approvalId: z.string().optional(),
  preview: z.string(),
  intendedAt: isoTime,
  endedAt: at,
  retryAt: isoTime.optional(),
  receipt: receipt.optional(),
  /** As the agent's program states it; absent = unknown. */
  costUsd: z.number().optional(),
  error: problem.optional(),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
  report: z
    .object({
      status: z.enum(['ok', 'error']),
      by: z.string(),
      at: isoTime,
      text: z.string().optional(),
    })
    .optional(),
});

/** US dollars, the sum of what is known; `unknown` counts turns whose cost nobody stated. */
export const cost = z.object({ usd: z.number(), unknown: count });

/** `skipped`: config.json names none of the targets. */
export const told = z.object({
  on: z.enum(NOTIFY_ON),
  targets: z.array(z.string()),
  status: z.enum(['sent', 'failed', 'in-doubt', 'skipped']),
  error: z.string().optional(),
});
/** `intended`: its end is not recorded. `interval` 0 = at once, n = told again for the n-th time. */
export const notice = told.omit({ error: true }).extend({
  status: z.enum(['intended', 'sent', 'failed', 'in-doubt', 'skipped']),
  at: isoTime,
  interval: count,
  error: problem.optional(),
});

export const covered = z.object({
  step: z.string(),
  dispatcher: z.string(),
  target: z.string().optional(),
  message: z.string(),
});
export const approval = z.object({
  approvalId: z.string(),
  status: z.enum(['pending', 'granted', 'rejected', 'lapsed']),
  risk,
  reasons: z.array(z.string()),
  binding: sha256Hex,
  covers: z.array(covered),
  requestedAt: isoTime,
  by: z.string().optional(),
  decidedAt: isoTime.optional(),
});

export const nullableOutputs = Object.fromEntries(
  Object.entries(stageOutputs).map(([name, shape]) => [name, shape.nullable()]),
);
