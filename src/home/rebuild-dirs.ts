/**
 * Puts folders that were built aside in the place of the old ones. A file that our log did not write is never
 * deleted: it is moved to `state/foreign/`. A crash leaves everything in some `state/.rebuild-…`, where the next
 * rebuild looks.
 */

import { failpoint } from '../failpoint.ts';
import type { FileSystem } from '../log/file-system.ts';
import { PROJECTED_DIRS, type ProjectedDir } from '../projections/catalogue.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { ASIDE_PREFIX, isAside, isTempName, syncPath, writeProjected } from './file-sink.ts';
import type { IndexDb } from './index-db.ts';
import type { HomePaths } from './paths.ts';

export type MovedFile = { readonly from: string; readonly to: string };

/** A folder that does not exist yet: one of that name may be left from a dead process with the same pid. */
export function freeAsideFolder(fs: FileSystem, paths: HomePaths): string {
  for (let n = 1; ; n++) {
    const folder = `${paths.state}/${ASIDE_PREFIX}${process.pid}-${n}`;
    if (!fs.existsSync(folder)) return folder;
  }
}

/** Call with the write lock held: then no other rebuild is at work. */
export function swapFolders(
  fs: FileSystem,
  paths: HomePaths,
  index: IndexDb,
  aside: string,
): readonly MovedFile[] {
  const leftovers = namesIn(fs, paths.state);
  const abandoned = leftovers.filter(isAside);
  const moved: MovedFile[] = [];
  for (const dir of PROJECTED_DIRS) {
    const fresh = `${aside}/new/${dir}`;
    fs.mkdirSync(fresh, { recursive: true, mode: 0o700 });
    const swap: Swap = { fs, paths, index, dir, moved };
    for (const name of abandoned) moveForeign(swap, `${paths.state}/${name}/old/${dir}`, fresh);
    replaceFolder(swap, fresh, `${aside}/old/${dir}`);
  }
  // On disk before the old folders go, and before an index that knows nothing of them.
  syncMoves(fs, paths, moved);
  for (const name of abandoned) fs.rmSync(`${paths.state}/${name}`, { recursive: true, force: true });
  for (const name of leftovers.filter(isTempName)) fs.rmSync(`${paths.state}/${name}`, { force: true });
  return moved;
}

function syncMoves(fs: FileSystem, paths: HomePaths, moved: readonly MovedFile[]): void {
  const folders = new Set(moved.flatMap(({ to }) => foldersAbove(`${paths.home}/${to}`, paths.state)));
  for (const folder of [...folders, paths.state, paths.home]) syncPath(fs, folder);
}

/** From the one that the path is in up to the one below `top`. */
function foldersAbove(path: string, top: string): string[] {
  const folder = parentOf(path);
  return folder === top ? [] : [folder, ...foldersAbove(folder, top)];
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

type Swap = {
  readonly fs: FileSystem;
  readonly paths: HomePaths;
  readonly index: IndexDb;
  readonly dir: ProjectedDir;
  readonly moved: MovedFile[];
};

function replaceFolder(swap: Swap, fresh: string, old: string): void {
  const { fs } = swap;
  const place = `${swap.paths.home}/${swap.dir}`;
  fs.mkdirSync(old.slice(0, old.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  try {
    // A link to a synced folder, say, stays what it is: its content is replaced file by file.
    if (fs.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw notMovable();
    renameIfThere(fs, place, old);
    failpoint('rebuild.folder.away');
    fs.renameSync(fresh, place);
    failpoint('rebuild.folder.placed');
    moveForeign(swap, old, place);
  } catch (error) {
    if (!isNotMovable(error)) throw error;
    moveForeign(swap, place, fresh);
    for (const name of namesIn(fs, place)) {
      if (!fs.existsSync(`${fresh}/${name}`)) fs.rmSync(`${place}/${name}`, { recursive: true, force: true });
    }
    copyTree(fs, fresh, place);
  }
}

function copyTree(fs: FileSystem, from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyTree(fs, `${from}/${entry.name}`, `${to}/${entry.name}`);
    else writeProjected(fs, `${to}/${entry.name}`, fs.readFileSync(`${from}/${entry.name}`, 'utf8'));
  }
}

/** Moves away what the folder holds and our log did not write; `ours` is the same folder as the log wants it. */
function moveForeign(swap: Swap, folder: string, ours: string, below = ''): void {
  const { fs } = swap;
  for (const name of namesIn(fs, folder)) {
    const isFolder = fs.lstatSync(`${folder}/${name}`, { throwIfNoEntry: false })?.isDirectory() === true;
    const wanted = fs.lstatSync(`${ours}/${name}`, { throwIfNoEntry: false });
    const isOurs = wanted?.isDirectory() ?? heldCopies(swap, below + name);
    if (isFolder && isOurs) {
      moveForeign(swap, `${folder}/${name}`, `${ours}/${name}`, `${below}${name}/`);
    } else if (isFolder && wanted === undefined && isEmpty(fs, `${folder}/${name}`)) {
    } else if (isFolder || !(wanted?.isFile() === true || isTempName(name) || isKnown(swap, below + name))) {
      moveAway(swap, `${folder}/${name}`, below + name);
    }
  }
}

/** Nothing but folders, all the way down. */
const isEmpty = (fs: FileSystem, folder: string): boolean =>
  fs
    .readdirSync(folder, { withFileTypes: true })
    .every((entry) => entry.isDirectory() && isEmpty(fs, `${folder}/${entry.name}`));

function moveAway({ fs, paths, dir, moved }: Swap, file: string, relative: string): void {
  const to = freeName(fs, `${paths.foreign}/${dir.slice(dir.lastIndexOf('/') + 1)}/${relative}`);
  fs.mkdirSync(to.slice(0, to.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  moveFile(fs, file, to, paths.state);
  failpoint('rebuild.foreign.moved');
  moved.push({ from: `${dir}/${relative}`, to: to.slice(paths.home.length + 1) });
}

/** Also out of a folder that is a link to another file system. */
function moveFile(fs: FileSystem, from: string, to: string, state: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!isNotMovable(error)) throw error;
    fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    syncTree(fs, to);
    for (const folder of [...foldersAbove(to, state), state]) syncPath(fs, folder);
    fs.rmSync(from, { recursive: true });
  }
}

/** A copy is on disk before the original goes. What a link leads to is not ours to sync. */
function syncTree(fs: FileSystem, path: string): void {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) for (const name of namesIn(fs, path)) syncTree(fs, `${path}/${name}`);
  if (stats?.isDirectory() === true || stats?.isFile() === true) syncPath(fs, path);
}

function freeName(fs: FileSystem, wanted: string): string {
  let name = wanted;
  for (let n = 2; fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined; n++) name = `${wanted}.${n}`;
  return name;
}

/** The tasks of a run whose texts were erased have no rows any more; their ids are `T-<runId>[.step]`. */
const ERASED_RUN_OF_TASK = `SELECT 1 FROM runs WHERE runId = substr(?1, 3, CASE instr(?1, '.') WHEN 0 THEN length(?1) ELSE instr(?1, '.') - 3 END)`;

/** A file that the log once wrote and that is not wanted any more, like the brief of a withdrawn task. */
function isKnown({ index, dir }: Swap, name: string): boolean {
  const found = (sql: string, suffix: string): boolean =>
    name.endsWith(suffix) && index.get(sql, name.slice(0, -suffix.length)) !== undefined;
  switch (dir) {
    case 'state/runs':
      return found('SELECT 1 FROM runs WHERE runId = ?', '.json');
    case 'outbox':
      return (
        found('SELECT 1 FROM runs WHERE runId = ?', '.md') ||
        index.get('SELECT 1 FROM runs WHERE copyFile = ?', `outbox/${name}`) !== undefined
      );
    case 'tasks':
      return found('SELECT 1 FROM tasks WHERE taskId = ?', '.md') || found(ERASED_RUN_OF_TASK, '.md');
    case 'state/tools':
      return found('SELECT 1 FROM tools WHERE tool = ?', '.ok');
  }
}

/** Whether copies of summaries went into this folder, of runs that do not keep them any more. */
function heldCopies({ index, dir }: Swap, name: string): boolean {
  const [from, to] = [`${dir}/${name}/`, `${dir}/${name}0`];
  return index.get('SELECT 1 FROM runs WHERE copyFile >= ? AND copyFile < ?', from, to) !== undefined;
}

function namesIn(fs: FileSystem, folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function renameIfThere(fs: FileSystem, from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

const notMovable = (): Error => Object.assign(new Error('not movable'), { code: 'EXDEV' });
/** A mount point, or a folder on another file system. */
const isNotMovable = (error: unknown): boolean => ['EXDEV', 'EBUSY'].includes(errorCode(error) ?? '');
