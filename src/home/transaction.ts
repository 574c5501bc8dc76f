/**
 * The right to write projections: the write lock of `index.db`. Whoever holds it catches up for everybody; it is
 * freed by the kernel when its process dies.
 */
import { ExitCode, WfError } from '../errors.ts';
import type { IndexDb } from './index-db.ts';
import { isBusy } from './sqlite-errors.ts';

/** A rebuild of a long history may hold the lock for a while. */
const TIMEOUT_MS = 180_000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Begins a transaction that writes, waiting without blocking while another process has one. */
export async function beginWrite(index: IndexDb, onWait?: () => void): Promise<void> {
  let until: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      index.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      // Asked for only when it has to wait: a process's first look at this clock loads a dozen modules.
      until ??= performance.now() + TIMEOUT_MS;
      if (performance.now() > until) throw timedOut(index, error);
      if (pauseMs === LONGEST_PAUSE_MS) onWait?.();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

export function rollback(index: IndexDb): void {
  try {
    index.exec('ROLLBACK');
  } catch {
    // SQLite ended the transaction itself, as it does after some failures.
  }
}

const timedOut = (index: IndexDb, cause: unknown): WfError =>
  new WfError('projection-timeout', 'another process has been writing the projections for too long', {
    exitCode: ExitCode.lockTimeout,
    where: index.path,
    hint: 'See whether a `wf` process hangs; the log itself is not affected.',
    retryable: true,
    cause,
  });
