/** What the verbs for definitions and for feedback print. */
import { z } from 'zod';
import { count, isoTime, sha256Hex } from '../../events/shared.ts';
import { improvementChange, suggestion } from '../../events/workflow-events.ts';
import { feedbackEntry, source } from './list-shapes.ts';
import { named } from './named.ts';
import { path } from './run-shapes.ts';

const analysis = z.object({
  feedbackCount: count,
  runCount: count,
  autonomousSignals: z.object({
    avgDurationMs: z.number().nullable(),
    verifyFailures: count,
    execFailures: count,
    failedRuns: count,
    slowRuns: count,
    lowScores: count,
  }),
  suggestions: z.array(suggestion),
});

const diffLine = z.object({ mark: z.enum([' ', '-', '+']), text: z.string() });

const comparison = z.enum(['better', 'worse', 'same', 'too-few']);
const sample = z.object({
  runs: count,
  failed: count,
  failureRate: z.number().nullable(),
  rated: count,
  meanScore: z.number().nullable(),
  /** Runs that completed. */
  timed: count,
  medianDurationMs: z.number().nullable(),
  /** Definitions among them. */
  versions: count,
});

export const buildSchemas = {
  'wf.definition/1': named('wf.definition/1', {
    id: z.string(),
    source,
    file: path,
    hash: sha256Hex,
    body: z.string(),
    /** As the engine reads it, with every default; times in milliseconds. */
    definition: z.looseObject({ id: z.string(), steps: z.array(z.looseObject({ id: z.string() })) }),
  }),
  'wf.definition-schema/1': named('wf.definition-schema/1', {
    jsonSchema: z.looseObject({ $schema: z.string() }),
  }),
  'wf.validation/1': named('wf.validation/1', {
    ok: z.boolean(),
    files: z.array(
      z.object({
        file: path,
        id: z.string().optional(),
        source: source.optional(),
        ok: z.boolean(),
        findings: z.array(
          z.object({
            severity: z.enum(['error', 'warning']),
            code: z.string(),
            path: z.string(),
            message: z.string(),
            hint: z.string().optional(),
            line: count.optional(),
            column: count.optional(),
          }),
        ),
      }),
    ),
  }),
  'wf.preflight/1': named('wf.preflight/1', {
    definition: z.object({ id: z.string(), file: path, hash: sha256Hex }),
    /** That were decided again. */
    runs: count,
    same: count,
    /** Runs in which it would be another one. */
    changed: z.object({
      input: count,
      key: count,
      route: count,
      risk: count,
      approvals: count,
      dispatcher: count,
      message: count,
      end: count,
    }),
    /** Newest first, at most 20. */
    differing: z.array(
      z.object({
        runId: z.string(),
        task: z.string(),
        createdAt: isoTime,
        changes: z.array(
          z.object({
            what: z.enum(['input', 'key', 'route', 'risk', 'approvals', 'dispatcher', 'message', 'end']),
            step: z.string().nullable(),
            before: z.string().nullable(),
            after: z.string().nullable(),
            /** Of a message. */
            lines: z.array(diffLine),
          }),
        ),
      }),
    ),
    leftOut: z.array(z.object({ runId: z.string(), reason: z.string() })),
  }),
  'wf.feedback/1': named('wf.feedback/1', { entry: feedbackEntry }),
  'wf.back-test/1': named('wf.back-test/1', {
    workflowId: z.string(),
    /** Those that --auto-apply would make. */
    changes: z.array(improvementChange),
    messages: count,
    changed: count,
    /** Newest first. */
    items: z.array(
      z.object({
        runId: z.string(),
        step: z.string(),
        dispatcher: z.string(),
        /** Empty where the message would have been the same. */
        lines: z.array(diffLine),
      }),
    ),
    leftOut: z.array(z.object({ runId: z.string(), reason: z.string() })),
  }),
  'wf.effect/1': named('wf.effect/1', {
    /** Fewer on either side: `too-few`. */
    minSample: count,
    /** Runs on either side that are looked at, at most. */
    window: count,
    items: z.array(
      z.object({
        improvementId: z.string(),
        workflowId: z.string(),
        appliedAt: isoTime,
        changes: z.array(z.string()),
        state: z.enum(['in-force', 'taken-back', 'edited']),
        takenBackBecause: z.string().nullable(),
        before: sample,
        after: sample,
        score: comparison,
        failures: comparison,
        duration: comparison,
        verdict: comparison,
        leftOut: count,
      }),
    ),
  }),
  'wf.improvement/1': z.discriminatedUnion('action', [
    named('wf.improvement/1', {
      action: z.literal('improve'),
      workflowId: z.string(),
      analysis,
      proposalId: z.string().nullable(),
      applicable: count,
      autoApplied: z
        .object({
          improvementId: z.string(),
          changes: z.array(improvementChange),
          backup: path,
          file: path,
          copiedFromBundled: z.boolean(),
        })
        .nullable(),
    }),
    named('wf.improvement/1', {
      action: z.literal('revert'),
      workflowId: z.string(),
      reverted: z.string(),
      improvementId: z.string(),
      changes: z.array(improvementChange),
      file: path,
      backup: path,
    }),
  ]),
} as const;
