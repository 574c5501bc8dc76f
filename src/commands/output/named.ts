/** A value that says what it is: every `--json` output has its name in `schema`. */
import { z } from 'zod';

export const named = <N extends string, S extends z.ZodRawShape>(name: N, shape: S) =>
  z.object({ schema: z.literal(name), ...shape });
