/**
 * An import in place: the script engine's files move to `legacy/` before the first line of ours is appended. From
 * `begin` to `end` the file `legacy/UNFINISHED` stands in the home and every other command refuses, so that no run
 * starts beside half an import. Every step can be done again by whoever comes after a crash.
 */
import { ioError, usageError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { UNFINISHED_IMPORT } from './legacy.ts';

const fs = process.getBuiltinModule('node:fs');

/** What moves. The log last: as long as it stands there, the home is known for what it is. */
export const LEGACY_FOLDERS = ['outbox', 'feedback', 'state', 'logs'] as const;

export type ImportMark = {
  /** The folder that is imported, as it was named. */
  readonly dir: string;
  /** `move`: nothing of ours was written yet. `append`: everything has moved. */
  readonly phase: 'move' | 'append';
};

const markFile = (home: string): string => `${home}/${UNFINISHED_IMPORT}`;

/** @throws {WfError} import-mark-broken (2) */
export function readMark(home: string): ImportMark | null {
  let text: string;
  try {
    text = fs.readFileSync(markFile(home), 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw failed(markFile(home), error);
  }
  try {
    const { dir, phase } = JSON.parse(text) as { dir?: unknown; phase?: unknown };
    if (typeof dir === 'string' && (phase === 'move' || phase === 'append')) return { dir, phase };
  } catch {
    // Named below.
  }
  throw usageError('import-mark-broken', 'the note of an unfinished import cannot be read', {
    where: markFile(home),
    hint: 'It says {"dir": "<the folder that is imported>", "phase": "move"}, or "append" once no old file stands outside legacy/.',
  });
}

/** On disk, name included, when it returns. */
export function writeMark(home: string, mark: ImportMark): void {
  const file = markFile(home);
  try {
    fs.mkdirSync(`${home}/legacy`, { recursive: true, mode: 0o700 });
    const temporary = `${file}.tmp`;
    const fd = fs.openSync(temporary, 'w', 0o600);
    try {
      fs.writeFileSync(fd, `${JSON.stringify(mark)}\n`);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
    syncFolder(`${home}/legacy`);
    syncFolder(home);
  } catch (cause) {
    throw failed(file, cause);
  }
}

export function removeMark(home: string): void {
  fs.rmSync(markFile(home), { force: true });
  syncFolder(`${home}/legacy`);
}

/** Those that still stand in the home. */
export const foldersToMove = (home: string): readonly string[] =>
  LEGACY_FOLDERS.filter((name) => fs.existsSync(`${home}/${name}`));

/**
 * A rename each: a folder is in one place or the other, never in both.
 * @throws {WfError} legacy-folder-taken (2) when something of that name stands in `legacy/` already; io (74)
 */
export function moveAway(home: string): void {
  for (const name of foldersToMove(home)) {
    const to = `${home}/legacy/${name}`;
    if (fs.existsSync(to)) {
      throw usageError('legacy-folder-taken', `legacy/${name} is there already, and so is ${name}`, {
        where: to,
        hint: 'Move one of the two elsewhere; nothing was changed in either.',
      });
    }
    try {
      fs.renameSync(`${home}/${name}`, to);
      failpoint('import.folder.moved');
    } catch (cause) {
      throw failed(`${home}/${name}`, cause);
    }
  }
  syncFolder(home);
  syncFolder(`${home}/legacy`);
}

function syncFolder(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const failed = (where: string, cause: unknown) =>
  ioError('import-failed', `the import cannot go on (${errorCode(cause) ?? 'unknown'})`, {
    where,
    hint: 'Make the folder yours and writable, then give the same command again: it goes on where it stopped.',
    cause,
  });
