/**
 * Says why a home is refused: it is the script engine's, or an import into it has not ended. Loaded only where a
 * home does not look like one of ours at once.
 */
import { usageError } from '../errors.ts';
import { isMissing } from './file-errors.ts';
import { OUR_FIRST_BYTES, UNFINISHED_IMPORT } from './legacy.ts';
import type { HomePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

/** Enough of the first line to know one from the other. */
const FIRST_BYTES = 4096;

/** Touches nothing. @throws {WfError} legacy-home (2), import-unfinished (2) */
export function refuseLegacy(paths: HomePaths): void {
  if (fs.existsSync(`${paths.home}/${UNFINISHED_IMPORT}`)) {
    throw usageError('import-unfinished', 'an import into this home was begun and has not ended', {
      where: `${paths.home}/${UNFINISHED_IMPORT}`,
      hint: 'Give the same wf import-legacy again: it goes on where it stopped. That file names the folder.',
    });
  }
  const found = legacySign(paths);
  if (found === null) return;
  throw usageError(
    'legacy-home',
    `this home belongs to the script engine and is left untouched: ${found.why}`,
    {
      where: found.where,
      hint: `Import it: wf import-legacy ${quoted(paths.home)} (--dry-run shows what would happen). Or name a new folder with --home DIR or WF_HOME=DIR.`,
    },
  );
}

const quoted = (path: string): string =>
  /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

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
