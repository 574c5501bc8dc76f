/** Where a log is to be cut: between two batches, so that what is closed is whole commits. */

import { corruptLogError } from '../errors.ts';
import { decodeLine, isInvalid, LINE_SUFFIX_LENGTH } from '../events/codec.ts';
import type { ArchiveCut } from './archive.ts';
import type { FileSystem } from './file-system.ts';
import { eachLine, offsetAfterSeq, readFully, readLineAt } from './line-reader.ts';
import { headerOfFile } from './log-files.ts';
import type { Settled } from './maintenance.ts';
import { wholeLog } from './whole-log.ts';

/** What stays in the open file: at least so many events, or everything since a time (ISO 8601, UTC). */
export type Keep = { readonly events: number } | { readonly since: string };

/** Null when there is nothing before the cut that is not closed already. @param end how far the log is settled */
export const findCut = (
  onDisk: FileSystem,
  logFile: string,
  settled: Settled,
  keep: Keep,
): ArchiveCut | null => {
  const fs = wholeLog(onDisk);
  const { globalOffset: from } = headerOfFile(onDisk, logFile);
  const fd = fs.openSync(logFile, 'r');
  try {
    const log: OpenLog = { fs, fd, from, end: settled.end };
    const first = 'events' in keep ? settled.seq - keep.events + 1 : firstSince(log, keep.since);
    // Something is always left: an open file without an event would say nothing about how far it goes.
    const at = startOfBatch(log, Math.min(first, settled.seq));
    return at === null || at.offset <= from
      ? null
      : { seq: at.seq - 1, hash: hashBefore(log, at.offset), end: at.offset };
  } finally {
    fs.closeSync(fd);
  }
};

type OpenLog = {
  readonly fs: FileSystem;
  readonly fd: number;
  /** Where the open file begins in the whole log. */
  readonly from: number;
  readonly end: number;
};

type Place = { readonly seq: number; readonly offset: number };

/** The line with this seq, or the first of its batch; null when that is closed already. */
const startOfBatch = (log: OpenLog, seq: number): Place | null => {
  if (seq < 1) return null;
  const offset = offsetAfterSeq(log.fs, log.fd, log.end, seq - 1);
  if (offset < log.from || offset >= log.end) return null;
  const event = decodeLine(readLineAt(log.fs, log.fd, offset)?.toString('utf8') ?? '');
  if (isInvalid(event)) throw damaged(offset, event.invalid);
  const before = (event.batch?.[0] ?? 1) - 1;
  return before === 0 ? { seq: event.seq, offset } : startOfBatch(log, event.seq - before);
};

const TIME = /^\{"seq":(\d+),"id":"[^"]*","ts":"([^"]*)"/;

/** Seq of the first event of the open file that is not older; times may go back where a clock did, seq never does. */
const firstSince = ({ fs, fd, from, end }: OpenLog, since: string): number => {
  for (const { bytes } of eachLine(fs, fd, from, end)) {
    const [, seq, ts] = TIME.exec(bytes.toString('latin1', 0, Math.min(bytes.length, 128))) ?? [];
    if (seq !== undefined && ts !== undefined && ts >= since) return Number(seq);
  }
  return Number.MAX_SAFE_INTEGER;
};

/** Every line ends with its hash. */
const hashBefore = ({ fs, fd }: OpenLog, offset: number): string => {
  const suffix = Buffer.alloc(LINE_SUFFIX_LENGTH + 1);
  readFully(fs, fd, suffix, 0, suffix.length, offset - suffix.length);
  const hash = /^,"hash":"([0-9a-f]{64})"\}\n$/.exec(suffix.toString('latin1'))?.[1];
  if (hash === undefined) throw damaged(offset, 'the line before does not end in its hash');
  return hash;
};

const damaged = (offset: number, reason: string): Error =>
  corruptLogError(`the log is damaged: ${reason}`, {
    where: `events.jsonl, byte ${offset}`,
    hint: 'Nothing was changed. Run `wf log verify`.',
  });
