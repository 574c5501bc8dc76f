/** Names in a folder one after the other, so that memory does not grow with it. One that is gone has none. */
import { isMissing } from './file-errors.ts';

const fs = process.getBuiltinModule('node:fs');

/** Names read at once. */
const BUFFER_NAMES = 1024;

export type FolderEntry = { readonly name: string; readonly isFolder: boolean };

export function* entriesOf(folder: string): Generator<FolderEntry> {
  let dir: import('node:fs').Dir;
  try {
    dir = fs.opendirSync(folder, { bufferSize: BUFFER_NAMES });
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync())
      yield { name: entry.name, isFolder: entry.isDirectory() };
  } finally {
    dir.closeSync();
  }
}
