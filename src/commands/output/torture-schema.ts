/** What `wf definitions torture` prints. */
import { z } from 'zod';
import { dispatcher, risk } from '../../events/run-events.ts';
import { count, sha256Hex } from '../../events/shared.ts';
import { source } from './list-shapes.ts';
import { named } from './named.ts';

const outcome = z.enum([
  'once',
  'queued',
  'found',
  'sent-after-asking',
  'same-key',
  'waits',
  'fails',
  'tried-again',
  'left-out',
  'repeats',
  'vanishes',
]);

const step = z.object({
  step: z.string(),
  dispatcher,
  idempotent: z.boolean(),
  crashes: z.array(
    z.object({
      phase: z.enum(['before', 'intended', 'acting', 'acted', 'recorded']),
      outcome,
      kills: count,
      powerCuts: count,
      stillWorking: count,
    }),
  ),
  troubles: z.array(
    z.object({ trouble: z.enum(['refused', 'failed', 'lost-done', 'lost-undone']), outcome }),
  ),
  advice: z.array(z.object({ key: z.string(), setting: z.string(), text: z.string() })),
});

const finding = z.object({
  kind: z.enum(['repeats', 'vanishes', 'unrecorded', 'second-run', 'summary', 'stuck']),
  step: z.string().optional(),
  text: z.string(),
  scenario: z.string(),
  at: z.array(z.object({ place: z.string(), crash: z.enum(['kill', 'power-cut']) })),
  next: z.enum(['same-request', 'resume']),
});

export const tortureSchema = named('wf.torture/1', {
  workflowId: z.string(),
  definition: z.object({ source, hash: sha256Hex }),
  messages: z.array(
    z.object({ input: z.string(), route: z.string(), risk, requested: z.string().optional() }),
  ),
  leftOut: z.array(z.string()),
  ok: z.boolean(),
  counts: z.object({
    lives: count,
    points: count,
    kills: count,
    powerCuts: count,
    commands: count,
    acts: count,
  }),
  cutShort: z.boolean(),
  steps: z.array(step),
  tools: z.array(z.object({ tool: z.string(), setUps: count })),
  askedAgain: count,
  beganAnew: z.object({ lives: count, steps: z.array(z.string()) }),
  findings: z.array(finding),
  findingsInAll: count,
});
