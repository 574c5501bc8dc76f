/** What the verbs print that let work go on by itself, or hold it: pause, serve, schedules. */
import { z } from 'zod';
import { count, isoTime } from '../../events/shared.ts';
import { named } from './named.ts';
import { status } from './run-shapes.ts';

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
  /** When it ends: how often it did what. */
  'wf.serve/1': named('wf.serve/1', {
    once: z.boolean(),
    /** Slots that got a run. */
    started: count,
    /** Slots that became none, with their reason in the log. */
    skipped: count,
    /** Runs that were taken up where they had stopped. */
    continued: count,
    /** Runs that came to a stop here. */
    ended: count,
    /** Times something could not go on and was put off. */
    held: count,
  }),
  'wf.schedules/1': named('wf.schedules/1', {
    server: z.object({ alive: z.boolean(), seenAt: isoTime.nullable() }),
    items: z.array(
      z.object({
        workflowId: z.string(),
        scheduleId: z.string(),
        cron: z.string(),
        timezone: z.string(),
        catchUp: z.enum(['none', 'latest', 'all']),
        withinMs: count,
        overlap: z.enum(['skip', 'queue']),
        /** False: slots count from a server's next look on. */
        counts: z.boolean(),
        paused: z.boolean(),
        next: isoTime.nullable(),
        /** The newest slot that got a run; status null: promised, and not begun. */
        last: z.object({ slot: isoTime, runId: z.string(), status: status.nullable() }).nullable(),
        /** The newest slot that got none. */
        skipped: z.object({ slot: isoTime, reason: z.string(), message: z.string().optional() }).nullable(),
      }),
    ),
  }),
};
