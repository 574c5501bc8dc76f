/**
 * One writer at a time, across processes: SQLite's lock on `logs/.lock`. The kernel releases it when its holder
 * dies, however it dies. The file is opened by SQLite alone: a plain open and close of it in the holding process
 * would drop the lock (POSIX), and one that was removed while held would let a second writer in, which is why path
 * and held file are compared after every acquisition.
 */
import { ExitCode, WfError } from '../errors.ts';
import { fsFailure } from './fs-failure.ts';
import { lockHolderPid } from './lock-holder.ts';

const fs = process.getBuiltinModule('node:fs');

type Sqlite = InstanceType<typeof import('node:sqlite').DatabaseSync>;
type Statement = ReturnType<Sqlite['prepare']>;
type Handle = {
  readonly db: Sqlite;
  readonly begin: Statement;
  readonly rollback: Statement;
  readonly inode: number;
};

export type LogLock = {
  /** Takes the lock if it is free now. */
  tryAcquire(): boolean;
  /** Takes the lock, waiting without blocking the process. @throws {WfError} lock-timeout (75), io (74) */
  acquire(): Promise<void>;
  release(): void;
  close(): void;
};

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
/** Measured: with SQLite's own wait 8 writers had p99 8 ms; retrying by ourselves within these bounds, 2 ms. */
const FIRST_WAIT_MS = 0.05;
const LONGEST_WAIT_MS = 2;

export const openLogLock = (path: string, timeoutMs: number): LogLock => {
  let handle: Handle | undefined;

  const close = (): void => {
    handle?.db.close();
    handle = undefined;
  };

  const tryAcquire = (): boolean => {
    try {
      for (;;) {
        handle ??= openHandle(path);
        handle.begin.run();
        if (inodeOf(path) === handle.inode) return true;
        // Somebody replaced the file: this lock protects nothing.
        handle.rollback.run();
        close();
      }
    } catch (error) {
      if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) return false;
      throw lockFailure(error, path);
    }
  };

  const acquire = async (): Promise<void> => {
    const giveUpAt = monotonicMs() + timeoutMs;
    for (let waitMs = FIRST_WAIT_MS; !tryAcquire(); waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
      if (monotonicMs() >= giveUpAt) throw lockTimeout(path, timeoutMs);
      await pause(waitMs * (0.5 + Math.random()));
    }
  };

  return { tryAcquire, acquire, release: () => handle?.rollback.run(), close };
};

const openHandle = (path: string): Handle => {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  for (;;) {
    const before = inodeOf(path);
    const db = new DatabaseSync(path, { timeout: 0 });
    const inode = inodeOf(path);
    // The same inode before and after the open is the inode that was opened; a file SQLite has just made has none before.
    if (inode !== undefined && inode === before) {
      // Nothing is ever written, so there is nothing to keep a journal of: as a file it would cost three system
      // calls that change a folder, each time the lock is taken.
      db.exec('PRAGMA journal_mode = MEMORY');
      const begin = db.prepare('BEGIN IMMEDIATE');
      return { db, begin, rollback: db.prepare('ROLLBACK'), inode };
    }
    db.close();
    if (before === undefined && inode !== undefined) fs.chmodSync(path, 0o600);
  }
};

const inodeOf = (path: string): number | undefined => fs.statSync(path, { throwIfNoEntry: false })?.ino;

const monotonicMs = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

/** Timers have no less than 1 ms; below that the event loop goes round until the time has passed. */
const pause = async (ms: number): Promise<void> => {
  if (ms >= 1) return new Promise((resolve) => setTimeout(resolve, ms));
  const until = monotonicMs() + ms;
  do await new Promise((resolve) => setImmediate(resolve));
  while (monotonicMs() < until);
};

const lockTimeout = (path: string, timeoutMs: number): WfError => {
  const inode = inodeOf(path);
  const pid = inode === undefined ? undefined : lockHolderPid(inode);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new WfError('lock-timeout', `${holder} has held the log's lock for more than ${timeoutMs} ms`, {
    exitCode: ExitCode.lockTimeout,
    where: path,
    hint:
      pid === undefined
        ? 'Find the wf process that hangs and end it; the lock goes with it.'
        : `Look at it with \`ps -p ${pid}\`; if it hangs, end it, and the lock goes with it.`,
    retryable: true,
    ...(pid === undefined ? {} : { details: { pid } }),
  });
};

const lockFailure = (error: unknown, path: string): unknown =>
  (error as { errcode?: unknown }).errcode === SQLITE_NOTADB
    ? new WfError('lock-file-damaged', 'the lock file is not an SQLite file', {
        exitCode: ExitCode.io,
        where: path,
        hint: 'Stop every wf process, remove this file (it holds no data), and try again.',
        cause: error,
      })
    : fsFailure(error, 'take the lock of the log', path);
