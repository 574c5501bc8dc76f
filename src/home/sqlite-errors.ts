/** Which of SQLite's failures mean "try again", and which mean "this file is not an index". */

/** Primary result code of an error thrown by node:sqlite; undefined for any other error. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;

export const isBusy = (error: unknown): boolean => {
  const code = resultCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
};

export const isCorrupt = (error: unknown): boolean => {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
};

/** What a query or a fold meets only where the file is not what its version says. */
export const isDamage = (error: unknown): boolean => {
  const code = resultCode(error);
  return isCorrupt(error) || code === SQLITE_ERROR || code === SQLITE_CONSTRAINT;
};

/** Any failure of SQLite itself. */
export const isSqliteError = (error: unknown): boolean => resultCode(error) !== undefined;
