/**
 * What is done to a log as a whole: erasing from it, closing parts of it, copying it. One at a time over all
 * processes, beside the lock for appending, which is held only for the moment in which a file takes another's place.
 */
import { type ArchiveCut, archiveLog, type Closed } from './archive.ts';
import { eraseData } from './erase-data.ts';
import type { Sha256Hex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { LOCK_FILE, LOG_FILE } from './jsonl-store.ts';
import { type DiskSync, syncTail } from './jsonl-writer.ts';
import { type LogLock, openLogLock } from './lock.ts';
import { filesOfLog } from './log-files.ts';
import type { LogTail } from './log-tail.ts';

export const MAINTENANCE_LOCK_FILE = '.maintenance';
const MAINTENANCE_TIMEOUT_MS = 60_000;

/** Everything before `end` (bytes) is whole, on disk, and stays as it is, but for erasing. */
export type Settled = { readonly seq: number; readonly end: number; readonly hash: string };

export type LogMaintenance = {
  /** Runs the action while nobody else maintains the log; appending goes on. @throws lock-timeout (75) */
  alone<T>(action: () => Promise<T>): Promise<T>;
  /** Runs the action while nobody can append. Keep it short: everybody waits. @throws lock-timeout (75) */
  exclusively<T>(action: () => T): Promise<T>;
  /** Makes everything recorded until now durable, and says how far that is. @throws sync-failed (74) */
  settled(): Promise<Settled>;
  /**
   * Inside {@link alone}: replaces the data of a stream's events before a version, which must be that of a RunErased
   * on disk. Answers how many lines were changed; none when they had been before. @throws io (74)
   */
  eraseData(stream: string, beforeVersion: number): Promise<number>;
  /** Inside {@link alone}: closes everything before the cut. @throws io (74), log-corrupt (65) */
  archive(cut: ArchiveCut): Promise<Closed>;
};

export type MaintenanceOptions = {
  /** The file system as it is, and with the whole log in one file. */
  readonly fs: FileSystem;
  readonly whole: FileSystem;
  readonly dir: string;
  readonly tail: LogTail;
  readonly disk: DiskSync;
  /** In the place of `.lock`, where the files are not real. */
  readonly lock: LogLock | undefined;
  readonly lockTimeoutMs: number;
  readonly sha256: Sha256Hex;
};

export const openMaintenance = (options: MaintenanceOptions): LogMaintenance => {
  const { fs, whole, dir, tail, disk, lockTimeoutMs, sha256 } = options;

  const exclusively = <T>(action: () => T): Promise<T> =>
    options.lock === undefined
      ? withOwnLock(`${dir}/${LOCK_FILE}`, lockTimeoutMs, async () => action())
      : holding(options.lock, async () => action());
  /** In place of an append, which nobody may make after a failed sync. */
  const replacing = (action: () => void): Promise<void> =>
    exclusively(() => {
      disk.requireHealthy();
      action();
    });

  return {
    alone: (action) =>
      options.lock === undefined
        ? withOwnLock(`${dir}/${MAINTENANCE_LOCK_FILE}`, MAINTENANCE_TIMEOUT_MS, action)
        : action(),
    exclusively,
    async settled() {
      await replacing(() => tail.refreshAndRepair());
      syncTail(whole, tail, disk, dir);
      return { seq: tail.last.seq, end: tail.settledEnd, hash: tail.last.hash };
    },
    async eraseData(stream, beforeVersion) {
      tail.refresh();
      const offsets = tail.offsetsOf(stream, 1, beforeVersion - 1);
      const end = tail.settledEnd;
      let lines = 0;
      for (const { file, header, to, isClosed } of filesOfLog(fs, dir, end)) {
        const inFile = (position: number): number => position - header.globalOffset + header.length;
        const here = offsets.filter((offset) => offset >= header.globalOffset && offset < to);
        if (here.length === 0) continue;
        lines += await eraseData({
          ...{ fs, file, isClosed, settledEnd: inFile(to), lineOffsets: here.map(inFile) },
          // A closed file has no writers to wait for.
          exclusively: isClosed ? async (action) => action() : replacing,
        });
      }
      return lines;
    },
    archive: (cut) =>
      archiveLog(
        { fs, dir, logFile: `${dir}/${LOG_FILE}`, settledEnd: tail.settledEnd, sha256, replacing },
        cut,
      ),
  };
};

/** A handle of its own: the store's may be in use by an append that waits. */
const withOwnLock = async <T>(file: string, timeoutMs: number, action: () => Promise<T>): Promise<T> => {
  const lock = openLogLock(file, timeoutMs);
  try {
    return await holding(lock, action);
  } finally {
    lock.close();
  }
};

const holding = async <T>(lock: LogLock, action: () => Promise<T>): Promise<T> => {
  await lock.acquire();
  try {
    return await action();
  } finally {
    lock.release();
  }
};
