/** Which long values the log still names, beside one stream: those are shared and stay when that stream's go. */
import { isBlobRef } from '../events/envelope.ts';
import type { FileSystem } from '../log/file-system.ts';
import { scanChunks } from '../log/line-reader.ts';

const NEWLINE = 0x0a;
const MARK = Buffer.from('"blob":"');
const HASH_LENGTH = 64;

/** Hashes of every reference in a value. */
export function blobsIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (isBlobRef(value)) found.add(value.blob);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) blobsIn(item, found);
  }
  return found;
}

/** Adds the hashes of all references in whole lines of the log. */
export function addBlobsIn(bytes: Buffer, found: Set<string>): void {
  for (const { hash } of references(bytes)) found.add(hash);
}

/** Without parsing: inside a JSON string every quote is escaped, so the mark is always a reference. */
function* references(bytes: Buffer): Generator<{ readonly hash: string; readonly at: number }> {
  for (let at = bytes.indexOf(MARK); at !== -1; at = bytes.indexOf(MARK, at + MARK.length)) {
    const start = at + MARK.length;
    yield { hash: bytes.toString('latin1', start, start + HASH_LENGTH), at };
  }
}

/**
 * Looks through the log from a line on. Lines of the stream itself do not count. Adds what it finds to `named`, and
 * answers where the lines end.
 */
export function namedElsewhere(
  log: { readonly fs: FileSystem; readonly path: string; readonly from: number },
  wanted: { readonly hashes: ReadonlySet<string>; readonly exceptStream: string },
  named: Set<string>,
): number {
  const { fs } = log;
  const fd = fs.openSync(log.path, 'r');
  try {
    let end = log.from;
    for (const chunk of scanChunks(fs, fd, log.from, fs.fstatSync(fd).size)) {
      look(chunk.bytes, wanted, named);
      end = chunk.offset + chunk.bytes.length;
    }
    return end;
  } finally {
    fs.closeSync(fd);
  }
}

function look(
  bytes: Buffer,
  { hashes, exceptStream }: Parameters<typeof namedElsewhere>[1],
  named: Set<string>,
): void {
  const own = `,"stream":${JSON.stringify(exceptStream)},`;
  for (const { hash, at } of references(bytes)) {
    if (!hashes.has(hash) || named.has(hash)) continue;
    const line = bytes.lastIndexOf(NEWLINE, at) + 1;
    if (bytes.subarray(line, at).indexOf(own) === -1) named.add(hash);
  }
}
