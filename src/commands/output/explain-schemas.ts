/** What the verbs print that explain: why a run went as it did, and why something did not run. */
import { z } from 'zod';
import { stageName } from '../../events/run-events.ts';
import { count, isoTime, sha256Hex } from '../../events/shared.ts';
import { named } from './named.ts';
import { path, status } from './run-shapes.ts';

const kind = z.enum([
  'asked',
  'reused',
  'refused',
  'route',
  'tool',
  'approval',
  'act',
  'retry',
  'doubt',
  'check',
  'stage',
  'told',
  'resumed',
  'end',
  'other',
]);
/** A sentence and the event it is read from. */
const sentence = z.object({ seq: count, ts: isoTime, kind, text: z.string() });

const mark = z.enum(['done', 'here', 'handed_off', 'in-doubt', 'failed', 'skipped', 'pending']).nullable();

const decidedEvent = z.object({ type: z.string(), data: z.looseObject({}) });

export const explainSchemas = {
  'wf.why/1': named('wf.why/1', {
    runId: z.string(),
    workflowId: z.string(),
    status,
    sentences: z.array(sentence),
    now: z.string(),
  }),
  'wf.why-not/1': named('wf.why-not/1', {
    asked: z.string(),
    /** Only for a time; `to` is the first moment that is no part of it. */
    from: isoTime.optional(),
    to: isoTime.optional(),
    /** Requests that started nothing; the newest 20 of them are shown. */
    total: count,
    started: count,
    items: z.array(
      sentence.extend({ workflowId: z.string(), key: z.string(), runId: z.string().nullable() }),
    ),
    runs: z.array(z.object({ runId: z.string(), status, now: z.string() })),
  }),
  'wf.graph/1': named('wf.graph/1', {
    workflowId: z.string(),
    runId: z.string().nullable(),
    stages: z.array(
      z.object({
        stage: stageName,
        mark,
        items: z.array(
          z.object({
            kind: z.enum(['route', 'tool', 'approval', 'step', 'check', 'action']),
            name: z.string(),
            detail: z.string(),
            mark,
          }),
        ),
      }),
    ),
    format: z.enum(['ascii', 'mermaid']),
    text: z.string(),
  }),
  'wf.diff/1': named('wf.diff/1', {
    a: z.string(),
    b: z.string(),
    rows: z.array(z.object({ what: z.string(), a: z.string(), b: z.string(), same: z.boolean() })),
    texts: z.array(
      z.object({
        what: z.string(),
        same: z.boolean(),
        lines: z.array(z.object({ mark: z.enum([' ', '-', '+']), text: z.string() })),
      }),
    ),
    /** In milliseconds. */
    durations: z.array(z.object({ what: z.string(), a: count.nullable(), b: count.nullable() })),
  }),
  'wf.replay-against/1': named('wf.replay-against/1', {
    runId: z.string(),
    workflowId: z.string(),
    against: z.object({ id: z.string(), file: path, hash: sha256Hex }),
    events: count,
    /** How many came out the same before the first that did not. */
    same: count,
    divergence: z
      .object({
        n: count,
        /** Null where the record ends before it. */
        seq: count.nullable(),
        recorded: decidedEvent.nullable(),
        decided: decidedEvent.nullable(),
        fields: z.array(z.string()),
        reason: z.string().optional(),
      })
      .nullable(),
  }),
} as const;
