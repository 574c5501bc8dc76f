/**
 * Puts folders that were built aside in the place of the old ones. A file that our log did not write is never
 * deleted: it is moved to `state/foreign/`. A crash leaves everything in some `state/.rebuild-…`, where the next
 * rebuild looks.
 */
import { PROJECTED_DIRS, type ProjectedDir } from '../projections/catalogue.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { ASIDE_PREFIX, isAside, isTempName, writeProjected } from './file-sink.ts';
import type { IndexDb } from './index-db.ts';
import type { HomePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

export type MovedFile = { readonly from: string; readonly to: string };

/** Where a rebuild of this process builds; whatever stands there is from a dead one. */
export const asideFolder = (paths: HomePaths): string => `${paths.state}/${ASIDE_PREFIX}${process.pid}`;

export const isProjected = (relative: string): boolean =>
  PROJECTED_DIRS.some((dir) => relative.startsWith(`${dir}/`));

/** Call with the write lock held: then no other rebuild is at work. */
export function swapFolders(paths: HomePaths, index: IndexDb, aside: string): readonly MovedFile[] {
  const moved: MovedFile[] = [];
  const abandoned = namesIn(paths.state).filter(isAside);
  for (const dir of PROJECTED_DIRS) {
    const fresh = `${aside}/new/${dir}`;
    fs.mkdirSync(fresh, { recursive: true, mode: 0o700 });
    const keep = new Set(namesIn(fresh));
    const isOurs = (name: string): boolean => keep.has(name) || isTempName(name) || isKnown(index, dir, name);
    for (const name of abandoned)
      moved.push(...moveForeign(paths, `${paths.state}/${name}/old/${dir}`, dir, isOurs));
    moved.push(...replaceFolder(paths, dir, aside, isOurs, keep));
  }
  for (const name of abandoned) fs.rmSync(`${paths.state}/${name}`, { recursive: true, force: true });
  return moved;
}

type IsOurs = (name: string) => boolean;

function replaceFolder(
  paths: HomePaths,
  dir: ProjectedDir,
  aside: string,
  isOurs: IsOurs,
  keep: ReadonlySet<string>,
): readonly MovedFile[] {
  const place = `${paths.home}/${dir}`;
  const fresh = `${aside}/new/${dir}`;
  const old = `${aside}/old/${dir}`;
  fs.mkdirSync(old.slice(0, old.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  try {
    // A link to a synced folder, say, stays what it is: its content is replaced file by file.
    if (fs.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw notMovable();
    renameIfThere(place, old);
    fs.renameSync(fresh, place);
    return moveForeign(paths, old, dir, isOurs);
  } catch (error) {
    if (!isNotMovable(error)) throw error;
    return replaceFiles(paths, dir, fresh, isOurs, keep);
  }
}

function replaceFiles(
  paths: HomePaths,
  dir: ProjectedDir,
  fresh: string,
  isOurs: IsOurs,
  keep: ReadonlySet<string>,
): readonly MovedFile[] {
  const place = `${paths.home}/${dir}`;
  const moved = moveForeign(paths, place, dir, isOurs);
  for (const name of namesIn(place)) if (!keep.has(name)) fs.rmSync(`${place}/${name}`, { force: true });
  copyTree(fresh, place);
  return moved;
}

function copyTree(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyTree(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else writeProjected(`${to}/${entry.name}`, fs.readFileSync(`${from}/${entry.name}`, 'utf8'));
  }
}

function moveForeign(
  paths: HomePaths,
  folder: string,
  dir: ProjectedDir,
  isOurs: IsOurs,
): readonly MovedFile[] {
  const foreign = namesIn(folder).filter((name) => !isOurs(name));
  const target = `${paths.foreign}/${dir.slice(dir.lastIndexOf('/') + 1)}`;
  return foreign.map((name) => {
    fs.mkdirSync(target, { recursive: true, mode: 0o700 });
    const to = freeName(`${target}/${name}`);
    fs.renameSync(`${folder}/${name}`, to);
    return { from: `${dir}/${name}`, to: to.slice(paths.home.length + 1) };
  });
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let n = 2; fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined; n++) name = `${wanted}.${n}`;
  return name;
}

/** A file that the log once wrote and that is not wanted any more, like the brief of a withdrawn task. */
function isKnown(index: IndexDb, dir: ProjectedDir, name: string): boolean {
  const found = (sql: string, suffix: string): boolean =>
    name.endsWith(suffix) && index.get(sql, name.slice(0, -suffix.length)) !== undefined;
  switch (dir) {
    case 'state/runs':
      return found('SELECT 1 FROM runs WHERE runId = ?', '.json');
    case 'outbox':
      return found('SELECT 1 FROM runs WHERE runId = ?', '.md');
    case 'tasks':
      return found('SELECT 1 FROM tasks WHERE taskId = ?', '.md');
    case 'state/tools':
      return found('SELECT 1 FROM tools WHERE tool = ?', '.ok');
  }
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

const notMovable = (): Error => Object.assign(new Error('not movable'), { code: 'EXDEV' });
/** A mount point, or a folder on another file system. */
const isNotMovable = (error: unknown): boolean => ['EXDEV', 'EBUSY'].includes(errorCode(error) ?? '');
