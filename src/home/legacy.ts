/**
 * Recognises a home of the script engine that came before this program. Such a home is left exactly as it is: its
 * files would be taken for projections and rewritten.
 */
import { isMissing } from './file-errors.ts';
import type { HomePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

// Stands in the home from an import's first step to its last (legacy-move.ts).
export const UNFINISHED_IMPORT = 'legacy/UNFINISHED';
export const OUR_FIRST_BYTES = '{"seq":';

/** One small read and a look at one path. Touches nothing. @throws {WfError} legacy-home (2), import-unfinished (2) */
export async function assertNotLegacy(paths: HomePaths): Promise<void> {
  const isPlain = hasOurLog(paths) || !(fs.existsSync(paths.log) || fs.existsSync(paths.state));
  if (isPlain && !fs.existsSync(`${paths.home}/${UNFINISHED_IMPORT}`)) return;
  (await import('./legacy-signs.ts')).refuseLegacy(paths);
}

/** Whether the log there is certainly one of this program. */
export function hasOurLog({ log }: Pick<HomePaths, 'log'>): boolean {
  let fd: number;
  try {
    fd = fs.openSync(log, 'r');
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(OUR_FIRST_BYTES.length);
    fs.readSync(fd, buffer, 0, buffer.length, 0);
    return buffer.toString('latin1') === OUR_FIRST_BYTES;
  } finally {
    fs.closeSync(fd);
  }
}
