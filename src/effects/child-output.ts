/** Reads back what a child wrote to a file, whatever its size or encoding: at most the cap is ever in memory. */
const fs = process.getBuiltinModule('node:fs');

export type Captured = { readonly text: string; readonly truncated: boolean };

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = fs.readSync(fd, bytes, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Drops a character cut in two at the end, so that the cut itself adds no replacement character. */
function withoutCutEnd(bytes: Buffer): Buffer {
  let lead = bytes.length - 1;
  while (lead >= 0 && bytes.length - lead <= 3 && isContinuation(bytes[lead])) lead--;
  const first = bytes[lead];
  if (first === undefined || first < 0xc0) return bytes;
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return bytes.length - lead < needed ? bytes.subarray(0, lead) : bytes;
}

function withoutCutStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

/**
 * The text of a file: whole up to `capBytes`, else its first three quarters and last quarter around a line that says
 * how much is missing. Invalid UTF-8 becomes U+FFFD. A file that cannot be read is empty and `truncated`, because how
 * the child ended must not be lost over its output.
 */
export function readCapped(path: string, capBytes: number): Captured {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    const size = fs.fstatSync(fd).size;
    if (size <= capBytes) return { text: readAt(fd, 0, size).toString('utf8'), truncated: false };
    const headBytes = Math.floor((capBytes * 3) / 4);
    const tailBytes = capBytes - headBytes;
    const head = withoutCutEnd(readAt(fd, 0, headBytes)).toString('utf8');
    const tail = withoutCutStart(readAt(fd, size - tailBytes, tailBytes)).toString('utf8');
    return { text: `${head}\n[… ${size - capBytes} bytes left out …]\n${tail}`, truncated: true };
  } catch {
    return { text: '', truncated: true };
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}
