/**
 * Makes sure the home is there and may be used. Nobody but its owner may look into it: folders are 0700. Where it
 * exists already this costs one stat.
 */
import { ioError, usageError, type WfError } from '../errors.ts';
import { errorCode } from './file-errors.ts';
import { type HomePaths, homePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

export type OpenedHome = {
  readonly paths: HomePaths;
  readonly created: boolean;
  readonly exists: boolean;
  /** Whether others than the owner may look into it: it was made by somebody else, or opened up. */
  readonly openToOthers: boolean;
};

const OTHERS = 0o077;

/**
 * @throws {WfError} io (74) where the home cannot be made, read or written; usage (2) where something else than a
 * folder stands in its place
 */
export function openHome(home: string, options: { readonly create: boolean }): OpenedHome {
  const paths = homePaths(home);
  const stat = statOf(home);
  if (stat === null) {
    if (options.create) makeHome(home);
    return { paths, created: options.create, exists: options.create, openToOthers: false };
  }
  if (!stat.isDirectory()) {
    throw usageError('home-not-a-folder', `the home is not a folder`, {
      where: home,
      hint: 'Name another one with --home or WF_HOME.',
    });
  }
  checkAccess(home, options.create);
  return { paths, created: false, exists: true, openToOthers: (stat.mode & OTHERS) !== 0 };
}

function statOf(home: string): import('node:fs').Stats | null {
  try {
    return fs.statSync(home, { throwIfNoEntry: false }) ?? null;
  } catch (cause) {
    throw unusable(home, 'cannot be reached', cause);
  }
}

function makeHome(home: string): void {
  try {
    makeFolder(home);
  } catch (cause) {
    throw unusable(home, 'cannot be created', cause);
  }
}

/** Not `recursive`: that turns for ever where a parent exists and still says there is no such entry (`/proc`). */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const parent = folder.slice(0, folder.lastIndexOf('/'));
    if (errorCode(error) === 'EEXIST' && fs.statSync(folder).isDirectory()) return;
    if (errorCode(error) !== 'ENOENT' || fs.existsSync(parent === '' ? '/' : parent)) throw error;
    makeFolder(parent);
    fs.mkdirSync(folder, { mode: 0o700 });
  }
}

/** `access` and not the mode bits: a read-only mount has fine bits. */
function checkAccess(home: string, write: boolean): void {
  const { R_OK, W_OK, X_OK } = fs.constants;
  try {
    fs.accessSync(home, write ? R_OK | W_OK | X_OK : R_OK | X_OK);
  } catch (cause) {
    throw unusable(home, write ? 'cannot be written to' : 'cannot be read', cause);
  }
}

function unusable(home: string, what: string, cause: unknown): WfError {
  const code = errorCode(cause);
  return ioError('home-unusable', `the home ${what}${code === undefined ? '' : ` (${code})`}`, {
    where: home,
    hint: 'Make the folder yours and writable, or name another one with --home or WF_HOME.',
    cause,
  });
}
