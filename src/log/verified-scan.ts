/**
 * Walks lines from a known good place, checking shape, order, batches and both hashes, and stops at the first that
 * is not as a writer of ours leaves it. It only reads; what a stop means is decided in recover.ts.
 */
import { decodeLine, isInvalid, verifyLine } from '../events/codec.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Sha256Hex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { eachLine, type RawLine } from './line-reader.ts';

const { isUtf8 } = process.getBuiltinModule('node:buffer');

/** The last good line: the next must follow from it. */
export type ChainPoint = { readonly seq: number; readonly hash: string };

export type ScannedLine = {
  readonly event: StoredEvent;
  readonly offset: number;
  readonly endOffset: number;
  readonly erased: boolean;
};

export type ScanStop = {
  /** Everything from here on is not part of the log: the bad line, or the start of its unfinished batch. */
  readonly cutAt: number;
  readonly firstLostSeq: number;
  /** The bad line itself. Every line is one event, so its number is its seq. */
  readonly badOffset: number;
  readonly badLine: number;
  readonly reason: string;
  /** Damage is a complete line that is wrong; the others are what a crash in mid-write leaves. */
  readonly kind: 'damage' | 'torn-tail' | 'incomplete-batch';
};

export type ScanEnd = {
  /** First byte after the last complete batch. One more than the file's size when only a newline is missing. */
  readonly end: number;
  readonly missingNewline: boolean;
  readonly stop: ScanStop | undefined;
};

/** Yields complete commits' lines (a single event, or a whole batch), then says where and why it ended. */
export function* verifiedScan(
  fs: FileSystem,
  fd: number,
  from: number,
  to: number,
  start: ChainPoint,
  sha256: Sha256Hex,
): Generator<readonly ScannedLine[], ScanEnd> {
  let { seq, hash } = start;
  let end = from;
  let batch: ScannedLine[] = [];
  const stopAt = (line: { offset: number }, reason: string, kind: ScanStop['kind']): ScanEnd => {
    const first = batch[0];
    const cutAt = first?.offset ?? line.offset;
    const firstLostSeq = first?.event.seq ?? seq + 1;
    return {
      end,
      missingNewline: false,
      stop: { cutAt, firstLostSeq, badOffset: line.offset, badLine: seq + 1, reason, kind },
    };
  };
  for (const line of eachLine(fs, fd, from, to)) {
    const checked = checkLine(line, { seq, hash }, batch, sha256);
    if (typeof checked === 'string') {
      return stopAt(line, checked, line.terminated ? 'damage' : 'torn-tail');
    }
    // Where a newline is missing it is counted as there: a writer adds it before anything else.
    const endOffset = line.terminated ? line.endOffset : line.endOffset + 1;
    batch.push({ event: checked.event, offset: line.offset, endOffset, erased: checked.erased });
    seq = checked.event.seq;
    hash = checked.event.hash;
    const [i, n] = checked.event.batch ?? [1, 1];
    if (i === n) {
      yield batch;
      batch = [];
      end = endOffset;
      if (!line.terminated) return { end, missingNewline: true, stop: undefined };
    }
  }
  return batch.length > 0
    ? stopAt({ offset: to }, 'the last batch is not complete', 'incomplete-batch')
    : { end, missingNewline: false, stop: undefined };
}

const checkLine = (
  line: RawLine,
  previous: ChainPoint,
  batch: readonly ScannedLine[],
  sha256: Sha256Hex,
): { event: StoredEvent; erased: boolean } | string => {
  if (line.bytes.length === 0) return line.endOffset - line.offset > 1 ? 'it is too long' : 'it is empty';
  if (!isUtf8(line.bytes)) return 'it is not UTF-8';
  const text = line.bytes.toString('utf8');
  const event = decodeLine(text);
  if (isInvalid(event)) return event.invalid;
  if (event.seq !== previous.seq + 1) return `its seq is ${event.seq}, not ${previous.seq + 1}`;
  const first = batch[0]?.event;
  const [i, n] = event.batch ?? [1, 1];
  if (i !== batch.length + 1) return 'it is not the next of its batch';
  if (first !== undefined && (first.commit !== event.commit || first.batch?.[1] !== n)) {
    return 'it breaks into another batch';
  }
  const verified = verifyLine(sha256, previous.hash, text);
  return verified.ok ? { event, erased: verified.erased } : verified.reason;
};
