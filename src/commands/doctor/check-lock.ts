/** Whether the log's lock can be had. It goes with its holder, so only one that lives, or hangs, can keep it. */

import { readProcess } from '../../effects/process-table.ts';
import { WfError } from '../../errors.ts';
import { LOCK_FILE } from '../../log/jsonl-store.ts';
import { openLogLock } from '../../log/lock.ts';
import type { Exam } from './exam.ts';

const fs = process.getBuiltinModule('node:fs');

/** Holders need microseconds; a queue of many of them, some milliseconds. */
const PATIENCE_MS = 3_000;

export async function checkLock({ findings, paths }: Exam): Promise<void> {
  const file = `${paths.logs}/${LOCK_FILE}`;
  // Looking makes nothing: the first writer makes it.
  if (!fs.existsSync(file)) return;
  const lock = openLogLock(file, PATIENCE_MS);
  try {
    await lock.acquire();
    lock.release();
  } catch (error) {
    if (!(error instanceof WfError)) throw error;
    const pid = error.details.pid;
    const isStopped = typeof pid === 'number' && readProcess(pid)?.stopped === true;
    await findings.add({
      id: error.code === 'lock-timeout' ? 'lock-held' : 'lock-file',
      severity: 'problem',
      message: isStopped ? `process ${pid} has the log’s lock and is stopped` : error.message,
      where: file,
      fix: isStopped ? `Let it go on: kill -CONT ${pid}   or end it: kill -9 ${pid}` : (error.hint ?? ''),
    });
  } finally {
    lock.close();
  }
}
