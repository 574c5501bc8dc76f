/**
 * Files that are whole or not there, and on disk when the call returns: written beside their place, synced, moved,
 * and the folder synced after it.
 */
import path from 'node:path';
import { ioError, type WfError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { type FileSystem, nodeFs } from '../log/file-system.ts';
import { errorCode } from './file-errors.ts';
import { syncPath } from './file-sink.ts';

const MODE = 0o600;

/** Named for its content, so that what a crash left behind is found again. The dot hides it from listings. */
export const temporaryOf = (file: string, contentHash: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.${contentHash.slice(0, 12)}.tmp`);

const failed = (file: string, cause: unknown): WfError => {
  const code = errorCode(cause);
  return ioError('write-failed', `The file cannot be written${code === undefined ? '' : ` (${code})`}.`, {
    where: file,
    hint: 'Make room on the disk, or make the folder writable for you. The file is whole: as it was, or as it was to become.',
    cause,
  });
};

function writeNew(fs: FileSystem, file: string, text: string): void {
  const fd = fs.openSync(file, 'wx', MODE);
  try {
    fs.writeFileSync(fd, text);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The file's name, that of its folder (whoever made it may have been killed before he could), and of all that were
 * made above it.
 */
function syncFolders(fs: FileSystem, dir: string, made: string | undefined): void {
  const last = path.dirname(made ?? dir);
  for (let folder = dir; ; folder = path.dirname(folder)) {
    syncPath(fs, folder);
    if (folder === last) return;
  }
}

/**
 * @returns false when a file of that name is there already; it is not touched
 * @throws {WfError} write-failed (74)
 */
export function createSynced(file: string, text: string, fs: FileSystem = nodeFs): boolean {
  const temporary = `${file.slice(0, -path.basename(file).length)}.${path.basename(file)}.tmp`;
  return replaceSynced(file, temporary, text, { exclusive: true, fs });
}

/**
 * @param options.exclusive there must be no file in the place yet
 * @returns false when there is one
 * @throws {WfError} write-failed (74)
 */
export function replaceSynced(
  file: string,
  temporary: string,
  text: string,
  options: { readonly exclusive: boolean; readonly fs?: FileSystem },
): boolean {
  const { fs = nodeFs } = options;
  try {
    const made = fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.rmSync(temporary, { force: true });
    writeNew(fs, temporary, text);
    failpoint('definition.written');
    if (options.exclusive) linkOrRename(fs, temporary, file);
    else fs.renameSync(temporary, file);
    failpoint('definition.placed');
    // The name survives a power cut only from here on.
    syncFolders(fs, path.dirname(file), made);
    failpoint('definition.named');
    return true;
  } catch (cause) {
    if (options.exclusive && errorCode(cause) === 'EEXIST') return false;
    throw failed(file, cause);
  } finally {
    removeQuietly(fs, temporary);
  }
}

/** A link never replaces anything. Where the file system has no links, a look before the rename has to do. */
function linkOrRename(fs: FileSystem, temporary: string, file: string): void {
  try {
    fs.linkSync(temporary, file);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST' || fs.existsSync(file))
      throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    fs.renameSync(temporary, file);
  }
}

/** After a failure there may be no temporary file, or no right to remove it: the first error is the one that counts. */
function removeQuietly(fs: FileSystem, file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // Hidden from listings, and replaced by the next attempt.
  }
}
