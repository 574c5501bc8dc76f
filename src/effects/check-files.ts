/** Looks whether files are there. Reads only, so it needs no intent and can be repeated at will. */
const fs = process.getBuiltinModule('node:fs');

export type FileCheck = { readonly file: string; readonly exists: boolean };

function exists(path: string): boolean {
  try {
    const found = fs.statSync(path, { throwIfNoEntry: false });
    return found !== undefined && (found.isFile() || found.isDirectory());
  } catch {
    // What we may not look at is not known to be there: the check must not pass.
    return false;
  }
}

/** One answer per path, in order. A regular file or a folder counts; a dangling link or a device does not. */
export const checkFiles = (paths: readonly string[]): FileCheck[] =>
  paths.map((file) => ({ file, exists: exists(file) }));
