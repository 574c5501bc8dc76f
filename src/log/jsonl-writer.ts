/**
 * The critical section of the JSONL store and the sync after it. Under the lock everything is synchronous:
 * look, repair, check versions, one write. What was answered as durable survives a power cut.
 */
import { bug } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { Outcome, Request } from './append-queue.ts';
import { CommitEncoder, type EncoderEnv, type LogView, type PendingLine } from './commit-encoder.ts';
import type { AppendResult } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { offsetAfterSeq } from './line-reader.ts';
import type { LogTail } from './log-tail.ts';
import { syncDirectory } from './recover.ts';
import { isSyncFailed, syncFailedError, writeSyncFailure } from './sync-mark.ts';

const path = process.getBuiltinModule('node:path');

export type DiskSync = {
  /** fdatasync. A failure is final: it is marked for every process, and never retried. */
  readonly sync: (fd: number) => void;
  /** @throws {WfError} sync-failed (74) when this or another process saw a sync fail */
  readonly requireHealthy: () => void;
};

export const createDiskSync = (fs: FileSystem, dir: string, tail: () => LogTail): DiskSync => {
  let failed = false;
  const requireHealthy = (): void => {
    if (failed || isSyncFailed(fs, dir)) throw syncFailedError(dir);
  };
  const sync = (fd: number): void => {
    const { durableSeq, end } = tail();
    try {
      fs.fdatasyncSync(fd);
    } catch (error) {
      failed = true;
      writeSyncFailure(fs, dir, { offset: offsetOf(fs, fd, end, durableSeq), durableSeq });
      throw syncFailedError(dir, error);
    }
    // Another process may have been told of the failure that covers our bytes too.
    requireHealthy();
  };
  return { sync, requireHealthy };
};

/** The mark must be written even if the disk does not read either: then nothing is known to be on it. */
const offsetOf = (fs: FileSystem, fd: number, end: number, durableSeq: number): number => {
  try {
    return offsetAfterSeq(fs, fd, end, durableSeq);
  } catch {
    return 0;
  }
};

/** Makes everything known of the log durable. Afterwards a power cut leaves at least these events. */
export const syncTail = (fs: FileSystem, tail: LogTail, disk: DiskSync, dir: string): void => {
  const { fd, last } = tail;
  if (fd === undefined || last.seq <= tail.durableSeq) return;
  disk.requireHealthy();
  // Nothing of this log was known to be on disk: then neither is its name, whoever made it.
  if (tail.durableSeq === 0) syncNames(fs, dir);
  failpoint('log.sync.before');
  disk.sync(fd);
  failpoint('log.sync.done');
  tail.durableSeq = last.seq;
};

/** The log's directory, the home, and the folder it is in; only the first is ours for certain. */
const syncNames = (fs: FileSystem, dir: string): void => {
  try {
    syncDirectory(fs, dir);
  } catch (error) {
    throw fsFailure(error, 'sync the log directory', dir);
  }
  for (const parent of [path.dirname(dir), path.dirname(path.dirname(dir))]) {
    try {
      syncDirectory(fs, parent);
    } catch (error) {
      // Not readable for us, so not made by us. Everything else is a name that may be gone after a power cut.
      if (!isForeign(error)) throw fsFailure(error, 'sync the folder that the log is in', parent);
    }
  }
  failpoint('log.names.synced');
};

const isForeign = (error: unknown): boolean =>
  ['EACCES', 'EPERM'].includes((error as { code?: string }).code ?? '');

/** Checks and records the requests' commits with one write; an answer for each request, in order. */
export const writeRequests = (
  fs: FileSystem,
  requests: readonly Request[],
  tail: LogTail,
  view: LogView,
  env: EncoderEnv,
  logPath: string,
): readonly Outcome[] => {
  const encoder = new CommitEncoder(view, env);
  const outcomes = requests.map((request) => encodeRequest(request, encoder));
  if (encoder.lines.length === 0) return outcomes;
  const { fd, end } = tail;
  if (fd === undefined) throw bug('the log is not open for writing');
  const bytes = Buffer.from(encoder.lines.map(({ line }) => `${line}\n`).join(''), 'utf8');
  failpoint('log.append.before');
  failpoint('log.append.torn', () => fs.writeSync(fd, bytes, 0, Math.floor(bytes.length * Math.random())));
  let written = 0;
  try {
    while (written < bytes.length) written += fs.writeSync(fd, bytes, written, bytes.length - written);
  } catch (error) {
    takeBack(fs, fd, end, written, encoder.lines);
    throw fsFailure(error, 'write to the log', logPath);
  }
  // A crash from here on leaves whole lines: recorded, though nobody was told yet.
  failpoint('log.append.written');
  tail.wrote(
    encoder.lines.map(({ line, stream, version }) => ({
      stream,
      version,
      bytes: Buffer.byteLength(line) + 1,
    })),
    encoder.last,
  );
  return outcomes;
};

const encodeRequest = (request: Request, encoder: CommitEncoder): Outcome => {
  const results: AppendResult[] = [];
  try {
    for (const [i, commit] of request.commits.entries()) results.push(encoder.add(commit, i));
    return { ok: true, results };
  } catch (error) {
    return { ok: false, error };
  }
};

/**
 * Cuts off what nobody can have seen as recorded. Whole commits stay: a reader may have told of them, and who asked
 * for them and says so again gets their result. If this fails too, the next writer sets the torn tail aside.
 */
const takeBack = (
  fs: FileSystem,
  fd: number,
  end: number,
  written: number,
  lines: readonly PendingLine[],
): void => {
  const kept = wholeCommits(lines, written);
  if (kept === written) return;
  try {
    fs.ftruncateSync(fd, end + kept);
  } catch {
    // The first failure is the one to report.
  }
};

/** Bytes of the commits that are complete in the first `written` bytes; the last newline may be missing. */
const wholeCommits = (lines: readonly PendingLine[], written: number): number => {
  let bytes = 0;
  let kept = 0;
  for (const { event, line } of lines) {
    bytes += Buffer.byteLength(line) + 1;
    const [i, n] = event.batch ?? [1, 1];
    if (i === n && bytes - 1 <= written) kept = Math.min(bytes, written);
  }
  return kept;
};
