/**
 * One process at a time changes the definitions of a home. The kernel frees the lock when its holder dies, so that
 * an intent without an end, seen by whoever has the lock, is certainly one of a process that is gone.
 */
import { WfError } from '../errors.ts';
import { homePaths } from '../home/paths.ts';
import { openLogLock } from '../log/lock.ts';

const fs = process.getBuiltinModule('node:fs');

const TIMEOUT_MS = 10_000;

/** @throws {WfError} lock-timeout (75), io (74), and whatever `work` throws */
export async function withApplyLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const { definitions } = homePaths(home);
  fs.mkdirSync(definitions, { recursive: true, mode: 0o700 });
  const lock = openLogLock(`${definitions}/.lock`, TIMEOUT_MS);
  try {
    await acquire(lock);
    return await work();
  } finally {
    // Closing gives the lock back as well.
    lock.close();
  }
}

async function acquire(lock: ReturnType<typeof openLogLock>): Promise<void> {
  try {
    await lock.acquire();
  } catch (cause) {
    if (!(cause instanceof WfError) || cause.code !== 'lock-timeout') throw cause;
    const { exitCode, where, hint, retryable, details } = cause;
    throw new WfError('lock-timeout', 'another process is changing the definitions of this home', {
      exitCode,
      retryable,
      details,
      cause,
      ...(where === undefined ? {} : { where }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
