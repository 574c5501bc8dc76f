/**
 * Values too long for an event line: `blobs/<sha256>`. A blob is on disk, name included, before `put` returns, for
 * the event that names it comes after; a blob that exists is never written again.
 */

import { ioError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { BlobStore, Sha256Hex } from '../log/event-store.ts';
import { type FileSystem, nodeFs } from '../log/file-system.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { syncPath } from './file-sink.ts';

export type HomeBlobs = BlobStore & {
  /** For projections, which run inside a transaction. Null when it is missing. */
  getSync(hash: string): Uint8Array | null;
};

export function openBlobs(dir: string, sha256: Sha256Hex, fs: FileSystem = nodeFs): HomeBlobs {
  const getSync = (hash: string): Uint8Array | null => {
    try {
      return fs.readFileSync(`${dir}/${hash}`);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  return {
    getSync,
    get: async (hash) => getSync(hash),
    put: async (bytes) => {
      const hash = sha256(bytes);
      try {
        write(fs, dir, hash, bytes);
      } catch (cause) {
        throw ioError('blob-write', `a long value could not be written (${errorCode(cause) ?? 'unknown'})`, {
          where: `${dir}/${hash}`,
          hint: 'Check the free space and the rights of the home; nothing was recorded.',
          cause,
        });
      }
      return hash;
    },
  };
}

function write(fs: FileSystem, dir: string, hash: string, bytes: Uint8Array): void {
  const path = `${dir}/${hash}`;
  // A blob of the right length was renamed into place, so its bytes had been synced before.
  if (fs.statSync(path, { throwIfNoEntry: false })?.size === bytes.byteLength) {
    syncNames(fs, dir);
    return;
  }
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const temp = `${dir}/.${hash}.${process.pid}.tmp`;
  const fd = fs.openSync(temp, 'w', 0o600);
  try {
    fs.writeFileSync(fd, bytes);
    failpoint('blob.written');
    // After a crash from here on the bytes survive, under a name nobody reads.
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  failpoint('blob.synced');
  fs.renameSync(temp, path);
  failpoint('blob.renamed');
  // The name survives a crash only after the directory is synced too.
  syncNames(fs, dir);
  failpoint('blob.named');
}

/** The blob's name, and that of the folder: whoever made it may have been killed before he could sync it. */
function syncNames(fs: FileSystem, dir: string): void {
  syncPath(fs, dir);
  syncPath(fs, dir.slice(0, dir.lastIndexOf('/')));
}
