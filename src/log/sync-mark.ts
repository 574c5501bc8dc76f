/**
 * `logs/SYNC_FAILED`: the disk failed to keep bytes that were written. After a failed fdatasync the kernel may call
 * lost pages clean, so a second sync that succeeds proves nothing; every writer refuses until `doctor --fix`.
 */
import { ioError, type WfError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';

export type SyncFailure = {
  /** First byte that is not known to be on disk. */
  readonly offset: number;
  /** Greatest seq known to be on disk; 0 = none. */
  readonly durableSeq: number;
};

export const syncMarkPath = (dir: string): string => `${dir}/SYNC_FAILED`;

export const isSyncFailed = (fs: FileSystem, dir: string): boolean => fs.existsSync(syncMarkPath(dir));

/** A mark that cannot be read says nothing about what is on disk: as if nothing were. Null = no mark. */
export const readSyncFailure = (fs: FileSystem, dir: string): SyncFailure | null => {
  if (!isSyncFailed(fs, dir)) return null;
  try {
    const value = JSON.parse(fs.readFileSync(syncMarkPath(dir), 'utf8')) as Partial<SyncFailure>;
    return { offset: Number(value.offset) || 0, durableSeq: Number(value.durableSeq) || 0 };
  } catch {
    return { offset: 0, durableSeq: 0 };
  }
};

/** Best effort: the disk has just failed. This process refuses whether or not the mark could be written. */
export const writeSyncFailure = (fs: FileSystem, dir: string, failure: SyncFailure): void => {
  try {
    fs.writeFileSync(syncMarkPath(dir), `${JSON.stringify(failure)}\n`, { mode: 0o600, flush: true });
  } catch {
    // Nothing more can be done here; the caller throws.
  }
};

export const removeSyncFailure = (fs: FileSystem, dir: string): void =>
  fs.rmSync(syncMarkPath(dir), { force: true });

export const syncFailedError = (dir: string, cause?: unknown): WfError =>
  ioError('sync-failed', 'the disk failed to keep what was written to the log; nothing more is written', {
    where: syncMarkPath(dir),
    hint: 'Check the disk (dmesg, free space), then run `wf doctor --fix`: it keeps every event that can still be read.',
    ...(cause === undefined ? {} : { cause }),
  });
