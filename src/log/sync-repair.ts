/**
 * After a failed sync: what follows the durable mark is read once more, written to a new file and synced there, for
 * the old file's pages may count as clean without being on disk. Only then may anybody write again.
 */
import { GENESIS_HASH } from '../events/codec.ts';
import { failpoint } from '../failpoint.ts';
import type { EncoderEnv } from './commit-encoder.ts';
import { freshUlid } from './event-ids.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { DEFAULT_LOCK_TIMEOUT_MS, LOCK_FILE, LOG_FILE } from './jsonl-store.ts';
import { type LogLock, openLogLock } from './lock.ts';
import {
  copyAside,
  copyRange,
  corruptAt,
  endsEarly,
  syncDirectory,
  syncedBeyond,
  writeFully,
} from './recover.ts';
import { type FileHeader, readHeader } from './segment-header.ts';
import { readSyncFailure, removeSyncFailure, type SyncFailure } from './sync-mark.ts';
import { verifiedScan } from './verified-scan.ts';

const path = process.getBuiltinModule('node:path');

export type RepairOptions = EncoderEnv & {
  readonly lockTimeoutMs?: number;
  readonly fs?: FileSystem;
  readonly lock?: LogLock;
};

/** The numbers of the event LogRepaired, which the caller appends next. */
export type SyncRepair = {
  readonly durableSeq: number;
  /** Events after the durable mark that could still be read. */
  readonly eventsKept: number;
  readonly bytesSetAside: number;
};

/** @returns null when no sync has failed. @throws log-corrupt (65), io (74), lock-timeout (75) */
export const repairSyncFailure = async (dir: string, options: RepairOptions): Promise<SyncRepair | null> => {
  const { fs = nodeFs } = options;
  if (readSyncFailure(fs, dir) === null) return null;
  const lock =
    options.lock ?? openLogLock(path.join(dir, LOCK_FILE), options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS);
  try {
    await lock.acquire();
    try {
      // Read again: another doctor may have been here first.
      const failure = readSyncFailure(fs, dir);
      return failure === null ? null : rewrite(fs, dir, failure, options);
    } finally {
      lock.release();
    }
  } finally {
    lock.close();
  }
};

const rewrite = (fs: FileSystem, dir: string, failure: SyncFailure, options: RepairOptions): SyncRepair => {
  const logPath = path.join(dir, LOG_FILE);
  const fresh = path.join(dir, `${LOG_FILE}.repaired`);
  let fd: number | undefined;
  try {
    fd = fs.openSync(logPath, 'r');
    const size = fs.fstatSync(fd).size;
    // Of an archived log this is the open file alone: what was closed had been synced before.
    const header = readHeader(fs, fd, logPath);
    const { end, lastSeq, missingNewline } = goodPart(fs, fd, size, header, logPath, failure, options);
    const goodEnd = missingNewline ? size : end;
    copyRange(fs, fd, 0, goodEnd, fresh);
    if (missingNewline) appendNewline(fs, fresh);
    if (goodEnd < size) {
      copyAside(fs, fd, dir, goodEnd, size, freshUlid(options.clock.now(), options.random));
    }
    // A crash before the rename leaves the log and the mark as they were; after it, the mark only: done again.
    failpoint('log.rewrite.copied');
    fs.renameSync(fresh, logPath);
    failpoint('log.rewrite.renamed');
    syncDirectory(fs, dir);
    removeSyncFailure(fs, dir);
    syncDirectory(fs, dir);
    failpoint('log.rewrite.done');
    const eventsKept = Math.max(0, lastSeq - failure.durableSeq);
    return { durableSeq: failure.durableSeq, eventsKept, bytesSetAside: size - goodEnd };
  } catch (error) {
    throw fsFailure(error, 'rewrite the log after a failed sync', logPath);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
};

const goodPart = (
  fs: FileSystem,
  fd: number,
  size: number,
  header: FileHeader | null,
  logPath: string,
  failure: SyncFailure,
  options: RepairOptions,
) => {
  const { firstSeq, prevHash, length } = header ?? { firstSeq: 1, prevHash: GENESIS_HASH, length: 0 };
  let lastSeq = firstSeq - 1;
  let durableSeq = failure.durableSeq;
  const scan = verifiedScan(fs, fd, length, size, { seq: lastSeq, hash: prevHash }, options.sha256);
  for (let step = scan.next(); ; step = scan.next()) {
    if (step.done !== true) {
      for (const { event } of step.value) {
        lastSeq = event.seq;
        durableSeq = Math.max(durableSeq, event.synced ?? 0);
      }
      continue;
    }
    const { stop, end, missingNewline } = step.value;
    // Another writer may have known more than the one whose sync failed.
    if (stop?.kind === 'damage') {
      durableSeq = Math.max(durableSeq, syncedBeyond(fs, fd, stop, size, options.sha256));
    }
    if (stop !== undefined && durableSeq >= stop.firstLostSeq) throw corruptAt(logPath, stop, durableSeq);
    if (durableSeq > lastSeq) throw endsEarly(logPath, lastSeq, end, durableSeq);
    return { end, lastSeq, missingNewline };
  }
};

const appendNewline = (fs: FileSystem, file: string): void => {
  const fd = fs.openSync(file, 'a');
  try {
    writeFully(fs, fd, Buffer.from('\n'));
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
};
