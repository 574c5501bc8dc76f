/**
 * Reads events of the log by byte offset, synchronously: a projection runs inside one database transaction, and a
 * transaction that waits for something else is held open by accident.
 */

import { corruptLogError } from '../errors.ts';
import { decodeLine, isInvalid, requireKnown } from '../events/codec.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { upcast } from '../events/upcast.ts';
import type { FileSystem } from '../log/file-system.ts';
import { eachLine, readFully, readLineAt } from '../log/line-reader.ts';
import { wholeLog } from '../log/whole-log.ts';

export type LocatedEvent = {
  readonly event: StoredEvent;
  readonly lineOffset: number;
  /** First byte after its newline. */
  readonly endOffset: number;
};

/** A line of which only the head was read; see {@link LogEvents.event}. Its bytes are valid until the next step. */
export type LogLine = {
  readonly seq: number;
  readonly stream: string;
  readonly streamVersion: number;
  readonly lineOffset: number;
  readonly endOffset: number;
  readonly bytes: Buffer;
};

/** As our encoder writes it; of a line that begins in another way everything is read. */
const HEAD =
  /^\{"seq":(\d{1,15}),"id":"\w{26}","ts":"[^"]{24}","stream":"([ !#-[\]-~]+)","streamVersion":(\d{1,15}),/;
/** Longer than any head with a stream of ours. */
const HEAD_BYTES = 320;

export class LogEvents {
  readonly #fs: FileSystem;
  readonly #file: string;
  readonly #fd: number;
  readonly #size: number;

  constructor(fs: FileSystem, file: string) {
    this.#fs = wholeLog(fs);
    this.#file = file;
    this.#fd = this.#fs.openSync(file, 'r');
    this.#size = this.#fs.fstatSync(this.#fd).size;
  }

  /** Events from an offset on, through `untilSeq`: what follows may not be on disk yet, or be half a line. */
  *from(offset: number, untilSeq: number): Generator<LocatedEvent> {
    for (const line of eachLine(this.#fs, this.#fd, offset, this.#size)) {
      const event = this.#decode(line.bytes, line.offset);
      if (event.seq > untilSeq) return;
      yield { event, lineOffset: line.offset, endOffset: line.endOffset };
      if (event.seq === untilSeq) return;
    }
  }

  /** The same places, for who needs the whole of some lines only. */
  *lines(offset: number, untilSeq: number): Generator<LogLine> {
    for (const { bytes, offset: lineOffset, endOffset } of eachLine(this.#fs, this.#fd, offset, this.#size)) {
      const head = HEAD.exec(bytes.toString('latin1', 0, HEAD_BYTES));
      const { seq, stream, streamVersion } =
        head === null
          ? this.#decode(bytes, lineOffset)
          : { seq: Number(head[1]), stream: head[2] as string, streamVersion: Number(head[3]) };
      if (seq > untilSeq) return;
      yield { seq, stream, streamVersion, lineOffset, endOffset, bytes };
      if (seq === untilSeq) return;
    }
  }

  event({ bytes, lineOffset }: LogLine): StoredEvent {
    return this.#decode(bytes, lineOffset);
  }

  /** Of the file that is open. */
  get ino(): number {
    return this.#fs.fstatSync(this.#fd).ino;
  }

  /** Bytes of the log when it was opened. */
  get size(): number {
    return this.#size;
  }

  /** The bytes before a place, as many as there are and fit; answers how many. */
  readBefore(end: number, buffer: Buffer): number {
    const start = Math.max(0, end - buffer.length);
    return readFully(this.#fs, this.#fd, buffer, 0, end - start, start);
  }

  at(offset: number): StoredEvent {
    const bytes = readLineAt(this.#fs, this.#fd, offset);
    if (bytes === undefined) throw this.#damaged(offset, 'no line ends here');
    return this.#decode(bytes, offset);
  }

  /** Whether the line at the offset is the one with this hash: the index was made from this very log. */
  hasLine(offset: number, endOffset: number, hash: string): boolean {
    if (endOffset > this.#size) return false;
    const bytes = readLineAt(this.#fs, this.#fd, offset);
    return (
      bytes !== undefined &&
      bytes.length === endOffset - offset - 1 &&
      bytes.toString('latin1').endsWith(`"hash":"${hash}"}`)
    );
  }

  close(): void {
    this.#fs.closeSync(this.#fd);
  }

  #decode(bytes: Buffer, offset: number): StoredEvent {
    const decoded = decodeLine(bytes.toString('utf8'));
    if (isInvalid(decoded)) throw this.#damaged(offset, decoded.invalid);
    requireKnown(decoded);
    return upcast(decoded);
  }

  #damaged(offset: number, reason: string): Error {
    return corruptLogError(`the log is damaged: ${reason}`, {
      where: `${this.#file}, byte ${offset}`,
      hint: 'Run `wf doctor` to see what is still good.',
    });
  }
}
