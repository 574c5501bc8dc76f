/**
 * Recognises a home of the script engine that came before this program. Such a home is left exactly as it is: its
 * files would be taken for projections and rewritten.
 */
import { usageError } from '../errors.ts';
import { isMissing } from './file-errors.ts';
import type { HomePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

/** Enough of the first line to know one from the other. */
const FIRST_BYTES = 4096;

/**
 * One small read where there is a log; a look at two more paths where there is none. Touches nothing.
 * @throws {WfError} legacy-home (2)
 */
export function assertNotLegacy(paths: HomePaths): void {
  const found = legacySign(paths);
  if (found === null) return;
  throw usageError(
    'legacy-home',
    `this home belongs to the script engine and is left untouched: ${found.why}`,
    {
      where: found.where,
      hint: 'Name a new folder with --home DIR or WF_HOME=DIR. Importing the old history is not possible yet.',
    },
  );
}

type Sign = { readonly why: string; readonly where: string };

function legacySign(paths: HomePaths): Sign | null {
  const head = readHead(paths.log);
  if (head !== null && head.trim() !== '') {
    return isOurLine(head) ? null : { why: 'its log has lines without seq and hash', where: paths.log };
  }
  // An empty or missing log of ours beside projections is a crashed first start at most: it has no records yet.
  if (fs.existsSync(paths.indexDb)) return null;
  if (hasRecords(paths.runs)) return { why: 'it has run records and no log', where: paths.runs };
  if (readHead(paths.indexJson) !== null) {
    return { why: 'it has an idempotency map and no log', where: paths.indexJson };
  }
  return null;
}

const OUR_FIRST_BYTES = '{"seq":';

/** Only whole lines of JSON that lack our fields are the script engine's; damage is for the log's own checks to name. */
function isOurLine(head: string): boolean {
  if (head.startsWith(OUR_FIRST_BYTES) || OUR_FIRST_BYTES.startsWith(head) || !head.startsWith('{'))
    return true;
  const end = head.indexOf('\n');
  const line = end === -1 ? head : head.slice(0, end);
  return line.includes('"seq":') && (line.includes('"hash":') || end === -1);
}

function readHead(file: string): string | null {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const buffer = Buffer.allocUnsafe(FIRST_BYTES);
    return buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, FIRST_BYTES, 0));
  } finally {
    fs.closeSync(fd);
  }
}

function hasRecords(dir: string): boolean {
  try {
    return fs.readdirSync(dir).some((name) => name.endsWith('.json'));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
