/**
 * Where projected files go: into the home, or aside for a rebuild or a check. Each is written whole under another
 * name and renamed, so that a reader sees the old or the new one; nothing is synced, for the log can make it again.
 */
import { ioError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { FileSystem } from '../log/file-system.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { writablePath } from './writable-path.ts';

/** Null removes the file. */
export type FileSink = {
  /** A file of ours, relative to the home. */
  readonly own: (relative: string, text: string | null) => void;
  /** A copy of a summary, where the definition wants it: checked first, for that path is a user's. */
  readonly copy: (wanted: string, text: string | null) => void;
  /** Removes a copy that stands among the projections; one that was delivered elsewhere is its reader's. */
  readonly dropCopy: (wanted: string) => void;
};

export type SinkOptions = {
  readonly fs: FileSystem;
  readonly home: string;
  readonly allowedRoots: readonly string[];
  /** Where a path below the home really goes: itself, or aside. */
  readonly place: (relative: string) => string;
  /** Where a copy outside the home really goes; by default there. */
  readonly outside?: (absolute: string) => string;
  /** Whether nobody looks at a place before everything is there: then a file needs no other name first. */
  readonly unseen?: (file: string) => boolean;
  readonly onRefused: (wanted: string) => void;
};

export function fileSink(options: SinkOptions): FileSink {
  const { fs, home, allowedRoots, place, outside, unseen, onRefused } = options;
  const own = (relative: string, text: string | null): void => {
    const file = place(relative);
    writeProjected(fs, file, text, unseen?.(file) === true ? writeWhole : replace);
  };
  return {
    own,
    copy: (wanted, text) => {
      const target = writablePath(home, allowedRoots, wanted);
      if (target === null) onRefused(wanted);
      else if (target.startsWith(`${home}/`)) own(target.slice(home.length + 1), text);
      else writeProjected(fs, outside?.(target) ?? target, text);
    },
    dropCopy: (wanted) => {
      const target = writablePath(home, allowedRoots, wanted);
      if (target?.startsWith(`${home}/outbox/`) === true) own(target.slice(home.length + 1), null);
    },
  };
}

export function writeProjected(
  fs: FileSystem,
  file: string,
  text: string | null,
  write: typeof replace = replace,
): void {
  try {
    if (text === null) remove(fs, file);
    else write(fs, file, text);
  } catch (cause) {
    throw ioError(
      'projection-write',
      `a projection could not be written (${errorCode(cause) ?? String(cause)})`,
      {
        where: file,
        hint: 'The log has everything: free space or mend the rights, then run any command again.',
        cause,
      },
    );
  }
}

/** A file with its content, or a folder with the names in it: on disk when this returns. */
export function syncPath(fs: FileSystem, path: string): void {
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Folders in `state/` where rebuilds build. */
export const ASIDE_PREFIX = '.rebuild-';
export const isAside = (name: string): boolean => name.startsWith(ASIDE_PREFIX);

/** Names that a crash may leave behind; never anybody's work. */
export const isTempName = (name: string): boolean => /^\..+\.\d+\.tmp$/.test(name);

function replace(fs: FileSystem, file: string, text: string): void {
  const slash = file.lastIndexOf('/');
  const temp = `${file.slice(0, slash)}/.${file.slice(slash + 1)}.${process.pid}.tmp`;
  writeWhole(fs, temp, text);
  failpoint('projection.file.written');
  try {
    fs.renameSync(temp, file);
    failpoint('projection.file.renamed');
  } catch (error) {
    fs.rmSync(temp, { force: true });
    throw error;
  }
}

/** Makes the folder where it is missing; what stands at the place is removed first. */
function writeWhole(fs: FileSystem, file: string, text: string): void {
  try {
    writeNew(fs, file, text);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') fs.rmSync(file, { force: true });
    else if (isMissing(error))
      fs.mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true, mode: 0o700 });
    else throw error;
    writeNew(fs, file, text);
  }
}

/**
 * Exclusively: in a folder that others may write to, a link under this name would lead anywhere. With the encoding
 * said, Node writes the text in one go; without, it first makes a buffer of it.
 */
const writeNew = (fs: FileSystem, file: string, text: string): void =>
  fs.writeFileSync(file, text, { encoding: 'utf8', mode: 0o600, flag: 'wx' });

function remove(fs: FileSystem, file: string): void {
  try {
    fs.unlinkSync(file);
    failpoint('projection.file.removed');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
