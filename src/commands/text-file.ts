/** Reads a text a user names by its file, or by a pipe such as `<(…)`: never more of it than is allowed. */
import { usageError, type WfError } from '../errors.ts';
import { decodeUtf8 } from './process-io.ts';

const fs = process.getBuiltinModule('node:fs');

const CHUNK_BYTES = 64 * 1024;

/** @throws {WfError} exit 2 for a file that is missing, too large or not UTF-8 */
export function readTextFile(file: string, limitBytes: number): string {
  try {
    // One descriptor for size and content: what is checked is what is read.
    const fd = fs.openSync(file, 'r');
    try {
      const stat = fs.fstatSync(fd);
      if (stat.isFile() && stat.size > limitBytes) throw tooLarge(file, `${stat.size} bytes`, limitBytes);
      return decodeUtf8(readUpTo(fd, file, limitBytes), file);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof code !== 'string' || !code.startsWith('E')) throw error;
    throw usageError('input-file', `cannot read ${file}: ${WHY[code] ?? code}`, {
      where: file,
      hint: 'Check the path.',
      cause: error,
    });
  }
}

const WHY: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' };

/** A device or a pipe has no size and may have no end: one byte too many is enough to know. */
function readUpTo(fd: number, file: string, limitBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= limitBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limitBytes + 1 - length));
    const read = fs.readSync(fd, chunk, 0, chunk.length, null);
    if (read === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, read));
    length += read;
  }
  throw tooLarge(file, `longer than ${limitBytes} bytes`, limitBytes);
}

const tooLarge = (file: string, size: string, limitBytes: number): WfError =>
  usageError('input-too-large', `${file} is ${size}; the limit is ${limitBytes}`, {
    hint: 'Name the file in the task instead.',
  });
