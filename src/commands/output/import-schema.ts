/** What `wf import-legacy --json` prints. */
import { z } from 'zod';
import { count } from '../../events/shared.ts';
import { named } from './named.ts';
import { path } from './run-shapes.ts';

const counts = z.object({ found: count, imported: count, already: count });

export const importSchema = {
  'wf.import/1': named('wf.import/1', {
    home: path,
    dir: path,
    inPlace: z.boolean(),
    dryRun: z.boolean(),
    moved: z.array(z.object({ from: z.string(), to: z.string() })),
    counts: z.object({
      runs: counts,
      keys: counts,
      markers: counts,
      feedback: counts,
      improvements: counts,
      notes: counts,
      logLines: counts,
    }),
    contradictions: z.array(z.object({ runId: z.string().optional(), what: z.string(), rule: z.string() })),
    /** Files and lines that could not be read as what they should be. They stay where they are. */
    skipped: z.array(z.object({ file: z.string(), line: count.optional(), reason: z.string() })),
    definitions: z.array(
      z.object({
        name: z.string(),
        action: z.enum(['stays', 'copied', 'same', 'kept', 'unreadable']),
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
    hints: z.array(z.string()),
  }),
} as const;
