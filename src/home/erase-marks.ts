/**
 * `logs/erasing/<runId>`: an erasure that was begun and is not finished. On disk before its first event and gone after
 * its last write, so that whoever looks after a crash knows of every step that may be missing, in the index too.
 */
import type { FileSystem } from '../log/file-system.ts';
import { syncDirectory } from '../log/recover.ts';
import { isMissing } from './file-errors.ts';
import type { HomePaths } from './paths.ts';

const folderOf = (paths: HomePaths): string => `${paths.logs}/erasing`;

export function markErasing(fs: FileSystem, paths: HomePaths, runId: string): void {
  const folder = folderOf(paths);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(`${folder}/${runId}`, '', { mode: 0o600, flush: true });
  syncDirectory(fs, folder);
  syncDirectory(fs, paths.logs);
}

export function clearErasing(fs: FileSystem, paths: HomePaths, runId: string): void {
  fs.rmSync(`${folderOf(paths)}/${runId}`, { force: true });
  syncDirectory(fs, folderOf(paths));
}

/** Ids of the runs whose erasure was begun. */
export function erasingRuns(fs: FileSystem, paths: HomePaths): readonly string[] {
  try {
    return fs.readdirSync(folderOf(paths)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
