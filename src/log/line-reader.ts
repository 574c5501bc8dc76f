/**
 * Reads the log's bytes: 1 MiB at a time, cut at newlines, without ever holding more than one chunk, whatever the
 * file holds (a run of garbage without a newline included).
 */
import { corruptLogError } from '../errors.ts';
import { MAX_LINE_BYTES } from '../events/envelope.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';

export const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Whole lines, each with its newline. The bytes are valid until the next step. */
export type Chunk = { readonly bytes: Buffer; readonly offset: number };

/** One line without its newline. The bytes are valid until the next step; too long to be a line = no bytes. */
export type RawLine = {
  readonly bytes: Buffer;
  readonly offset: number;
  /** First byte after the newline; for the last line without one, the end of the file. */
  readonly endOffset: number;
  readonly terminated: boolean;
};

/** Fills `buffer` from `at`; fewer bytes only at the end of the file. @throws {WfError} io (74) */
export const readFully = (
  fs: FileSystem,
  fd: number,
  buffer: Buffer,
  start: number,
  length: number,
  position: number,
): number => {
  let done = 0;
  try {
    while (done < length) {
      const n = fs.readSync(fd, buffer, start + done, length - done, position + done);
      if (n === 0) break;
      done += n;
    }
  } catch (error) {
    throw fsFailure(error, 'read the log', `events.jsonl, byte ${position + done}`);
  }
  return done;
};

/** Lines of `[from, to)`, in order. `from` must be the start of a line. */
export function* eachLine(fs: FileSystem, fd: number, from: number, to: number): Generator<RawLine> {
  if (to <= from) return;
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - from));
  let base = from;
  let filled = 0;
  /** Where a line began that is already too long to be one; its bytes are not kept. */
  let oversizeFrom = -1;
  for (;;) {
    const n = readFully(
      fs,
      fd,
      buffer,
      filled,
      Math.min(buffer.length - filled, to - base - filled),
      base + filled,
    );
    filled += n;
    const bytes = buffer.subarray(0, filled);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const endOffset = base + end + 1;
      yield oversizeFrom === -1
        ? { bytes: bytes.subarray(start, end), offset: base + start, endOffset, terminated: true }
        : { bytes: NOTHING, offset: oversizeFrom, endOffset, terminated: true };
      oversizeFrom = -1;
      start = end + 1;
    }
    const rest = filled - start;
    if (n === 0 || base + filled >= to) {
      if (oversizeFrom !== -1) {
        yield { bytes: NOTHING, offset: oversizeFrom, endOffset: base + filled, terminated: false };
      } else if (rest > 0) {
        const offset = base + start;
        yield { bytes: bytes.subarray(start), offset, endOffset: base + filled, terminated: false };
      }
      return;
    }
    if (rest > MAX_LINE_BYTES || oversizeFrom !== -1) {
      if (oversizeFrom === -1) oversizeFrom = base + start;
      base += filled;
      filled = 0;
    } else {
      buffer.copyWithin(0, start, filled);
      base += start;
      filled = rest;
    }
  }
}

/** The same bytes as whole lines in large pieces, for who looks for something before parsing. A torn tail is left out. */
export function* scanChunks(fs: FileSystem, fd: number, from: number, to: number): Generator<Chunk> {
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK_BYTES, to - from)));
  for (let offset = from; offset < to; ) {
    const n = readFully(fs, fd, buffer, 0, Math.min(buffer.length, to - offset), offset);
    const end = buffer.subarray(0, n).lastIndexOf(NEWLINE) + 1;
    if (end === 0) return;
    yield { bytes: buffer.subarray(0, end), offset };
    offset += end;
  }
}

/** The line that starts at an offset, without its newline (the last may have none); undefined when it is too long. */
export const readLineAt = (fs: FileSystem, fd: number, offset: number, guess = 4096): Buffer | undefined => {
  for (let size = guess; ; size = Math.min(size * 8, MAX_LINE_BYTES + 1)) {
    const buffer = Buffer.allocUnsafe(size);
    const n = readFully(fs, fd, buffer, 0, size, offset);
    const end = buffer.subarray(0, n).indexOf(NEWLINE);
    if (end !== -1) return buffer.subarray(0, end);
    if (n < size) return buffer.subarray(0, n);
    if (size > MAX_LINE_BYTES) return undefined;
  }
};

/** Position of a line from its first bytes, without parsing it. */
export const seqOfLine = (bytes: Buffer): number | undefined => {
  const match = /^\{"seq":(\d+),/.exec(bytes.toString('latin1', 0, Math.min(bytes.length, 32)));
  return match?.[1] === undefined ? undefined : Number(match[1]);
};

/** Where the first line after a position begins, found by halving; `end` when there is none. */
export const offsetAfterSeq = (fs: FileSystem, fd: number, end: number, seq: number): number => {
  let low = 0;
  let high = end;
  while (high - low > CHUNK_BYTES / 4) {
    const start = nextLineStart(fs, fd, Math.floor((low + high) / 2), high);
    if (start === undefined) break;
    if (seqAt(fs, fd, start) <= seq) low = start;
    else high = start;
  }
  for (const line of eachLine(fs, fd, low, end)) {
    if ((seqOfLine(line.bytes) ?? 0) > seq) return line.offset;
  }
  return end;
};

const seqAt = (fs: FileSystem, fd: number, offset: number): number => {
  const head = Buffer.allocUnsafe(32);
  const seq = seqOfLine(head.subarray(0, readFully(fs, fd, head, 0, head.length, offset)));
  if (seq === undefined) {
    throw corruptLogError('a line does not begin with its seq', {
      where: `events.jsonl, byte ${offset}`,
      hint: 'Run `wf log verify` to see how far the log is good.',
    });
  }
  return seq;
};

/** Start of the first line after an offset and before `limit`. */
const nextLineStart = (fs: FileSystem, fd: number, after: number, limit: number): number | undefined => {
  for (const line of eachLine(fs, fd, after, Math.min(limit, after + MAX_LINE_BYTES + 2))) {
    return line.terminated && line.endOffset < limit ? line.endOffset : undefined;
  }
  return undefined;
};
