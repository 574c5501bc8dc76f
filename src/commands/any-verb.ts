/** Every verb beyond those that start and show work: their table is loaded only when one of them is called. */

import type { ParsedLine } from './parse-argv.ts';
import { parseArgv } from './parse-argv.ts';
import type { Io } from './verb.ts';
import { VERBS } from './verbs.ts';

/** @returns what is to be run, or the exit code of a help that was printed */
export async function anyVerb(argv: readonly string[], io: Io): Promise<ParsedLine | number> {
  const parsed = parseArgv(argv, VERBS);
  if (parsed !== null) return parsed;
  const { explainArgv } = await import('./explain-argv.ts');
  return explainArgv(argv, VERBS, io);
}
