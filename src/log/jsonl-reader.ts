/**
 * Events out of the file: one stream by its lines' offsets, or everything in sequence. Never past the last complete
 * commit that is known; hashes were checked when the lines were first seen, `log verify` checks them all again.
 */
import { corruptLogError, type WfError } from '../errors.ts';
import { decodeLine, isInvalid, requireKnown } from '../events/codec.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { upcast } from '../events/upcast.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { CHUNK_BYTES, eachLine, readFully, readLineAt } from './line-reader.ts';
import type { LogTail } from './log-tail.ts';

export type LocatedEvent = {
  readonly event: StoredEvent;
  readonly lineOffset: number;
  /** First byte after the line's newline. */
  readonly endOffset: number;
};

/** @throws {WfError} log-newer-version (2), log-corrupt (65) */
export function* readLocated(
  fs: FileSystem,
  tail: LogTail,
  logPath: string,
  fromOffset: number,
  untilSeq: number,
): Generator<LocatedEvent> {
  if (tail.fd === undefined || fromOffset >= tail.end) return;
  // A descriptor of its own: the tail may have to reopen the file while somebody is still reading here.
  const fd = openToRead(fs, logPath);
  try {
    // While others append the file grows; what is beyond this look is for the next one.
    for (const line of eachLine(fs, fd, fromOffset, tail.end)) {
      const event = decode(line.bytes, logPath, line.offset);
      if (event.seq > untilSeq) return;
      const endOffset = line.terminated ? line.endOffset : line.endOffset + 1;
      yield { event: readable(event), lineOffset: line.offset, endOffset };
      if (event.seq === untilSeq) return;
    }
  } finally {
    fs.closeSync(fd);
  }
}

const openToRead = (fs: FileSystem, logPath: string): number => {
  try {
    return fs.openSync(logPath, 'r');
  } catch (error) {
    throw fsFailure(error, 'open the log', logPath);
  }
};

/** Events of a stream with versions `from` to `to`. */
export const readStream = (
  fs: FileSystem,
  tail: LogTail,
  logPath: string,
  stream: string,
  from: number,
  to: number,
): readonly StoredEvent[] => {
  const first = Math.max(1, from);
  const events = readOffsets(fs, tail, tail.offsetsOf(stream, first, to), stream, first);
  if (events !== undefined) return events.map(readable);
  const usedIndex = tail.usesIndex;
  // The index pointed elsewhere: the log itself decides.
  if (usedIndex) tail.distrustIndex();
  const again = readOffsets(fs, tail, tail.offsetsOf(stream, first, to), stream, first);
  if (again === undefined) throw unreadable(logPath, `a line of ${stream} is not what it was`);
  return again.map(readable);
};

/** Lines closer than this are fetched in one read. */
const GAP_BYTES = 16 * 1024;

const readOffsets = (
  fs: FileSystem,
  tail: LogTail,
  offsets: readonly number[],
  stream: string,
  firstVersion: number,
): StoredEvent[] | undefined => {
  const { fd } = tail;
  if (offsets.length === 0 || fd === undefined) return [];
  const events: StoredEvent[] = [];
  for (let i = 0; i < offsets.length; ) {
    const start = offsets[i] as number;
    let stop = i + 1;
    while (stop < offsets.length && isNear(offsets, stop, start)) stop++;
    const windowEnd = (offsets[stop - 1] as number) + GAP_BYTES / 4;
    const window = Buffer.allocUnsafe(windowEnd - start);
    const bytes = window.subarray(0, readFully(fs, fd, window, 0, window.length, start));
    for (; i < stop; i++) {
      const offset = offsets[i] as number;
      const event = decodeFrom(fs, fd, bytes, start, offset);
      if (event?.stream !== stream || event.streamVersion !== firstVersion + i) return undefined;
      events.push(event);
    }
  }
  return events;
};

const isNear = (offsets: readonly number[], i: number, start: number): boolean =>
  (offsets[i] as number) - (offsets[i - 1] as number) < GAP_BYTES &&
  (offsets[i] as number) - start < CHUNK_BYTES;

const decodeFrom = (
  fs: FileSystem,
  fd: number,
  window: Buffer,
  start: number,
  offset: number,
): StoredEvent | undefined => {
  const end = window.indexOf(0x0a, offset - start);
  const line = end === -1 ? readLineAt(fs, fd, offset) : window.subarray(offset - start, end);
  const event = line === undefined ? undefined : decodeLine(line.toString('utf8'));
  return event === undefined || isInvalid(event) ? undefined : event;
};

const decode = (bytes: Buffer, logPath: string, offset: number): StoredEvent => {
  const event = decodeLine(bytes.toString('utf8'));
  if (isInvalid(event))
    throw unreadable(`${logPath}, byte ${offset}`, `a line cannot be read: ${event.invalid}`);
  return event;
};

const readable = (event: StoredEvent): StoredEvent => {
  requireKnown(event);
  return upcast(event);
};

const unreadable = (where: string, message: string): WfError =>
  corruptLogError(`the log is damaged: ${message}`, {
    where,
    hint: 'Nothing was changed. Run `wf log verify` to see how far the log is good.',
  });
