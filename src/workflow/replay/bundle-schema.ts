/**
 * A run in a file: what `wf bundle` writes and `wf replay FILE` reads. Shapes only: whether each event's data is
 * one of its type is looked at by who reads it.
 */
import { z } from 'zod';
import { stageName } from '../../events/run-events.ts';
import { count, id, isoTime, sha256Hex } from '../../events/shared.ts';

export const BUNDLE_NAME = 'wf.bundle/1';
/** Stands where the home's path stood. */
export const BUNDLE_HOME = '/wf-home';

const status = z.enum(['running', 'waiting', 'handed_off', 'completed', 'failed', 'cancelled']);
const outcome = z.enum(['done', 'handed_off', 'failed', 'unreported']).nullable();

/** What a replay of the file must come to; made when the file was. */
const expected = z.strictObject({
  /** After each event, in their order. */
  states: z.array(
    z.strictObject({ status, outcome, stage: stageName.nullable(), waitingFor: z.string().nullable() }),
  ),
  stages: z.array(z.strictObject({ stage: stageName, status: z.string(), attempts: count })),
  effects: z.array(z.strictObject({ effectId: id, status: z.string() })),
  approvals: z.array(z.strictObject({ approvalId: id, status: z.string() })),
  /** The same requests and results decided again; null where texts or definition are not in the file. */
  decided: z
    .strictObject({
      /** How many events came out the same before the first that did not. */
      same: count,
      divergence: z
        .strictObject({
          n: count,
          recorded: z.string().nullable(),
          decided: z.string().nullable(),
          fields: z.array(z.string()),
        })
        .nullable(),
    })
    .nullable(),
});

export const bundleSchema = z.strictObject({
  schema: z.literal(BUNDLE_NAME),
  /** Version of the program that made it. */
  madeBy: z.string(),
  /** `redacted`: secrets are replaced; `lengths`: every text is `[N bytes]`. */
  texts: z.enum(['redacted', 'lengths']),
  runId: id,
  workflowId: id,
  /** The one the run is pinned to; null where texts are lengths, and for an imported run. */
  definition: z.strictObject({ hash: sha256Hex, body: z.string() }).nullable(),
  /** What was asked, whole; null where texts are lengths. */
  input: z.string().nullable(),
  /** The run's stream; the first is its version 1. */
  events: z
    .array(
      z.strictObject({
        seq: count,
        ts: isoTime,
        type: z.string(),
        schemaVersion: z.int().positive(),
        meta: z
          .strictObject({ epoch: count.exactOptional(), occurredAt: isoTime.exactOptional() })
          .exactOptional(),
        data: z.looseObject({}),
      }),
    )
    .min(1),
  expected,
});

export type Bundle = z.infer<typeof bundleSchema>;
export type BundleResult = Bundle['expected'];
