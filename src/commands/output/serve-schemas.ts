/** What the verbs print that let work go on by itself, or hold it: pause, serve, schedules. */
import { z } from 'zod';
import { isoTime } from '../../events/shared.ts';
import { named } from './named.ts';

export const paused = z.object({
  /** Null: everything is. */
  workflowId: z.string().nullable(),
  since: isoTime,
  by: z.string(),
  reason: z.string().optional(),
});

export const serveSchemas = {
  'wf.pause/1': named('wf.pause/1', {
    /** Null: everything. */
    workflowId: z.string().nullable(),
    /** What holds now; of a workflow also when everything is. */
    paused: z.boolean(),
    /** Whether this call made it so. */
    changed: z.boolean(),
    since: isoTime.optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
    /** Runs that `--abort` ended. */
    cancelled: z.array(z.string()),
    /** Runs that somebody works on, or did when the pause stopped them. */
    atWork: z.array(z.string()),
  }),
};
