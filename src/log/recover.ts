/**
 * What to do about the end of a log that is not whole (the table in ARCHITECTURE.md): what was never known to be on
 * disk is set aside with a copy; what was, is never cut, and the log is called corrupt instead.
 */
import { corruptLogError, type WfError } from '../errors.ts';
import { decodeLine, isIntact, isInvalid } from '../events/codec.ts';
import { failpoint } from '../failpoint.ts';
import type { Sha256Hex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { CHUNK_BYTES, eachLine, readFully } from './line-reader.ts';
import type { ScanStop } from './verified-scan.ts';

const path = process.getBuiltinModule('node:path');

/**
 * The greatest `synced` that lines after a damaged one still tell of. Their chain cannot be checked any more, so a
 * line counts when it is whole in itself: to err here is to refuse, not to lose.
 */
export const syncedBeyond = (
  fs: FileSystem,
  fd: number,
  stop: ScanStop,
  size: number,
  sha256: Sha256Hex,
): number => {
  let synced = 0;
  for (const line of eachLine(fs, fd, stop.badOffset, size)) {
    const text = line.bytes.toString('utf8');
    // A lost newline glues a whole line behind a broken one. Inside data every quote is escaped.
    const glued = text.lastIndexOf('{"seq":');
    const whole = line.offset === stop.badOffset ? [] : [text];
    for (const candidate of glued > 0 ? [...whole, text.slice(glued)] : whole) {
      const event = decodeLine(candidate);
      if (isInvalid(event) || event.seq < stop.firstLostSeq || !isIntact(sha256, candidate)) continue;
      synced = Math.max(synced, event.synced ?? 0);
    }
  }
  return synced;
};

/** The log lacks or contradicts what was on disk: nothing may be written on top. */
export const corruptAt = (logPath: string, stop: ScanStop, durableSeq: number): WfError =>
  corruptLogError(
    `line ${stop.badLine} of the log is damaged: ${stop.reason}; it was on disk up to seq ${durableSeq}`,
    {
      where: `${logPath}, line ${stop.badLine}, byte ${stop.badOffset}`,
      hint: 'Nothing was changed. Run `wf log verify`; put a backup of the log back, or ask for help with a copy of it.',
      details: { line: stop.badLine, offset: stop.badOffset, reason: stop.reason, durableSeq },
    },
  );

/** The log is shorter than what was on disk. */
export const endsEarly = (logPath: string, lastSeq: number, end: number, durableSeq: number): WfError =>
  corruptLogError(`the log ends at seq ${lastSeq}, but it was on disk up to seq ${durableSeq}`, {
    where: `${logPath}, line ${lastSeq + 1}, byte ${end}`,
    hint:
      'Nothing was changed. Put the log back from a backup; if you did that on purpose, remove state/index.db, ' +
      'which still remembers the longer one.',
    details: { line: lastSeq + 1, offset: end, reason: 'the log ends early', durableSeq },
  });

/**
 * Copies `[from, size)` to `logs/torn/`, then cuts the log there. Called under the lock. A crash before the cut
 * leaves the log as it was (the copy is made again); after it, the copy is already on disk. The caller syncs the log.
 * @returns a sentence for the user
 */
export const setAside = (
  fs: FileSystem,
  fd: number,
  logPath: string,
  stop: ScanStop,
  size: number,
  name: string,
): string => {
  try {
    copyAside(fs, fd, path.dirname(logPath), stop.cutAt, size, name);
    failpoint('log.torn.copied');
    fs.ftruncateSync(fd, stop.cutAt);
    failpoint('log.torn.cut');
  } catch (error) {
    throw fsFailure(
      error,
      'set aside the unfinished end of the log',
      path.join(path.dirname(logPath), 'torn', `${name}.jsonl`),
    );
  }
  const bytes = size - stop.cutAt;
  return `set aside ${bytes} bytes of an unfinished write at the end of the log (${stop.reason}): logs/torn/${name}.jsonl`;
};

/** Copies `[from, to)` of the log to `logs/torn/`; on disk when this returns, names included. */
export const copyAside = (
  fs: FileSystem,
  fd: number,
  dir: string,
  from: number,
  to: number,
  name: string,
): void => {
  const torn = path.join(dir, 'torn');
  fs.mkdirSync(torn, { recursive: true, mode: 0o700 });
  copyRange(fs, fd, from, to, path.join(torn, `${name}.jsonl`));
  syncDirectory(fs, torn);
  // Also where the folder was there: whoever made it may have been killed before this.
  syncDirectory(fs, dir);
};

/** Copies a range of an open file into a new one and syncs it. */
export const copyRange = (fs: FileSystem, fd: number, from: number, to: number, target: string): void => {
  const out = fs.openSync(target, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, to - from)));
    for (let at = from; at < to; ) {
      const n = readFully(fs, fd, buffer, 0, Math.min(buffer.length, to - at), at);
      if (n === 0) break;
      writeFully(fs, out, buffer.subarray(0, n));
      at += n;
    }
    fs.fsyncSync(out);
  } finally {
    fs.closeSync(out);
  }
};

/** write(2) may write less than asked: goes on until all of it is written or it fails. */
export const writeFully = (fs: FileSystem, fd: number, bytes: Buffer): void => {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
};

/** Makes names in a directory durable: without it a new file may be gone after a power cut, synced or not. */
export const syncDirectory = (fs: FileSystem, dir: string): void => {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
};
