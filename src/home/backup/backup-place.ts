/**
 * The folder of a backup, and `backup.json` in it, which says of which log it is and how far it is complete. Nothing
 * is written into a folder that holds anything else, or another log; what the file says is true at every instant.
 */
import { conflictError, usageError } from '../../errors.ts';
import { isMissing } from '../file-errors.ts';
import { isTempName } from '../file-sink.ts';
import { replaceSynced } from '../synced-file.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

const MANIFEST = 'backup.json';

export type Manifest = {
  readonly schema: 'wf.backup-of/1';
  /** Hash of the log's first line: no other log has it. */
  readonly firstHash: string;
  /** How far the backup is whole; null while the first one is being made. */
  readonly complete: {
    readonly seq: number;
    readonly headHash: string;
    /** ISO 8601. */
    readonly at: string;
    readonly home: string;
  } | null;
};

/**
 * Makes the folder ready for a backup of this log, and answers what is complete in it already.
 * @throws {WfError} usage (2) for a place that cannot be one; other-log (4)
 */
export function openBackup(dir: string, home: string, firstHash: string): Manifest['complete'] {
  refuseOverlap(dir, home);
  const names = namesIn(dir).filter((name) => !isTempName(name));
  const found = names.includes(MANIFEST) ? readManifest(dir) : null;
  if (found === null && names.length > 0) {
    throw usageError('backup-place', 'the folder holds something else than a backup; nothing was written', {
      where: dir,
      hint: 'Name an empty folder, a new one, or that of an earlier backup of this home.',
    });
  }
  if (found !== null && found.firstHash !== firstHash) throw otherLog(dir);
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  // From here on the folder is known as one of ours, whatever happens.
  if (found === null) writeManifest(dir, { schema: 'wf.backup-of/1', firstHash, complete: null });
  return found?.complete ?? null;
}

export const writeManifest = (dir: string, manifest: Manifest): void => {
  const temporary = path.join(dir, `.${MANIFEST}.${process.pid}.tmp`);
  replaceSynced(
    path.join(dir, MANIFEST),
    temporary,
    `${JSON.stringify(manifest)}
`,
    { exclusive: false },
  );
};

export const otherLog = (dir: string): Error =>
  conflictError('backup-of-another-log', 'the folder holds a backup of another log; nothing was written', {
    where: dir,
    hint: 'Name another folder. A home that was made anew, or put back from an older backup and used, is another log.',
  });

function readManifest(dir: string): Manifest | null {
  try {
    const value = JSON.parse(fs.readFileSync(path.join(dir, MANIFEST), 'utf8')) as Partial<Manifest>;
    return value.schema === 'wf.backup-of/1' && typeof value.firstHash === 'string'
      ? (value as Manifest)
      : null;
  } catch {
    return null;
  }
}

function refuseOverlap(dir: string, home: string): void {
  const [place, real] = [realPathOf(dir), realPathOf(home)];
  const isBelow = (below: string, above: string): boolean => below === above || below.startsWith(`${above}/`);
  if (!isBelow(place, real) && !isBelow(real, place)) return;
  throw usageError('backup-place', 'a backup and its home may not contain each other', {
    where: dir,
    hint: 'Name a folder outside of the home, better on another disk.',
  });
}

/** With links followed as far as the path exists. */
function realPathOf(wanted: string): string {
  const missing: string[] = [];
  for (let existing = path.resolve(wanted); ; existing = path.dirname(existing)) {
    try {
      return path.join(fs.realpathSync(existing), ...missing);
    } catch (error) {
      if (!isMissing(error)) throw error;
      missing.unshift(path.basename(existing));
    }
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    // A file in its place is not missing.
    return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
  } catch (error) {
    throw usageError('backup-place', 'the place for the backup is no folder that can be read', {
      where: dir,
      cause: error,
    });
  }
}
