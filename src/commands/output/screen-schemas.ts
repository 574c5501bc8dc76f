/** Shapes of what helps a person at a shell: templates to begin from, completion scripts. */
import { z } from 'zod';
import { named } from './named.ts';
import { path } from './run-shapes.ts';

export const screenSchemas = {
  'wf.init/1': named('wf.init/1', {
    action: z.enum(['list', 'created']),
    /** Only of a list. */
    templates: z.array(z.object({ name: z.string(), file: path, description: z.string() })).optional(),
    template: z.string().optional(),
    id: z.string().optional(),
    file: path.optional(),
    schemaFile: path.optional(),
    /** What this machine lacks for it. */
    needs: z
      .array(
        z.object({
          kind: z.enum(['program', 'environment', 'config']),
          name: z.string(),
          usedBy: z.array(z.string()),
          hint: z.string(),
        }),
      )
      .optional(),
    /** Ids of its schedules: they run only while a server is alive, or `wf serve --once` is called again and again. */
    schedules: z.array(z.string()).optional(),
    serverAlive: z.boolean().optional(),
  }),
  'wf.completion/1': named('wf.completion/1', {
    shell: z.enum(['bash', 'zsh', 'fish']),
    script: z.string(),
  }),
} as const;
