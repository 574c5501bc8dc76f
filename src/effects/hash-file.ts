/** The content of a file as one hash, read piece by piece: what an approval at deliver is bound to. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';

const PIECE_BYTES = 1024 * 1024;

/** sha256 in hex, or `missing` for what is no regular file or cannot be read: never equal to what was approved. */
export function hashFile(path: string): string {
  let fd: number;
  try {
    // A pipe that nobody writes to would be waited for otherwise.
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return 'missing';
  }
  try {
    if (!fs.fstatSync(fd).isFile()) return 'missing';
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let n = fs.readSync(fd, piece); n > 0; n = fs.readSync(fd, piece)) hash.update(piece.subarray(0, n));
    return hash.digest('hex');
  } catch {
    return 'missing';
  } finally {
    fs.closeSync(fd);
  }
}
