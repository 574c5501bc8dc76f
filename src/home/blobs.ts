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
  /**
   * Puts back what was there already when it was put, and has been erased with another run since. Called once the
   * event that names it is in the log: whoever erases looks there first, so from then on it stays.
   */
  keepShared(): void;
};

/** How many shared values a process remembers; the events that name them follow at once. */
const MAX_SHARED = 32;

export function openBlobs(dir: string, sha256: Sha256Hex, fs: FileSystem = nodeFs): HomeBlobs {
  const getSync = (hash: string): Uint8Array | null => {
    try {
      return fs.readFileSync(`${dir}/${hash}`);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  const shared = new Map<string, Uint8Array>();
  return {
    getSync,
    keepShared: () => {
      for (const [hash, bytes] of shared) {
        if (!fs.existsSync(`${dir}/${hash}`)) write(fs, dir, hash, bytes);
      }
    },
    get: async (hash) => getSync(hash),
    put: async (bytes) => {
      const hash = sha256(bytes);
      try {
        if (write(fs, dir, hash, bytes)) remember(shared, hash, bytes);
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

function remember(shared: Map<string, Uint8Array>, hash: string, bytes: Uint8Array): void {
  shared.set(hash, bytes);
  const [oldest] = shared.keys();
  if (shared.size > MAX_SHARED && oldest !== undefined) shared.delete(oldest);
}

/** Answers whether it was there already. */
function write(fs: FileSystem, dir: string, hash: string, bytes: Uint8Array): boolean {
  const path = `${dir}/${hash}`;
  // A blob of the right length was renamed into place, so its bytes had been synced before.
  if (fs.statSync(path, { throwIfNoEntry: false })?.size === bytes.byteLength) {
    syncNames(fs, dir);
    return true;
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
  return false;
}

/** The blob's name, and that of the folder: whoever made it may have been killed before he could sync it. */
function syncNames(fs: FileSystem, dir: string): void {
  syncPath(fs, dir);
  syncPath(fs, dir.slice(0, dir.lastIndexOf('/')));
}
