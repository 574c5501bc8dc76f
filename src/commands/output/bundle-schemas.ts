/** Shapes of a run in a file: the file itself, what is said of its making, and its replay. */
import { z } from 'zod';
import { stageName } from '../../events/run-events.ts';
import { count, isoTime } from '../../events/shared.ts';
import { bundleSchema } from '../../workflow/replay/bundle-schema.ts';
import { named } from './named.ts';
import { outcome, path, status } from './run-shapes.ts';

/** The state after one event. */
export const replayed = z.object({
  n: count,
  seq: count,
  ts: isoTime,
  type: z.string(),
  status,
  stage: stageName.nullable(),
  outcome,
  waitingFor: z.string().nullable(),
});

const texts = z.enum(['redacted', 'lengths']);

export const bundleSchemas = {
  'wf.bundle/1': bundleSchema,
  'wf.bundled/1': named('wf.bundled/1', {
    runId: z.string(),
    workflowId: z.string(),
    file: path,
    texts,
    events: count,
    bytes: count,
  }),
  'wf.replay-bundle/1': named('wf.replay-bundle/1', {
    runId: z.string(),
    workflowId: z.string(),
    file: path,
    madeBy: z.string(),
    texts,
    states: z.array(replayed),
    /** As the file expects it. */
    same: z.boolean(),
    differences: z.array(z.string()),
    decided: bundleSchema.shape.expected.shape.decided,
  }),
} as const;
