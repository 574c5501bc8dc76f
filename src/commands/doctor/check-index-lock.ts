/**
 * Whether the right to write projections can be had: it is the write lock of `index.db`, and goes with its holder.
 * A rebuild may have it for minutes; a stopped process, for ever, and then every command waits for it.
 */
import { readProcess } from '../../effects/process-table.ts';
import { isBusy, isSqliteError } from '../../home/sqlite-errors.ts';
import { lockHolderPid, WAL_WRITE_BYTE } from '../../log/lock-holder.ts';
import type { Exam } from './exam.ts';

const fs = process.getBuiltinModule('node:fs');

const PATIENCE_MS = 5_000;
const PAUSE_MS = 50;

export async function checkIndexLock({ findings, paths, facts, progress }: Exam): Promise<void> {
  const file = paths.indexDb;
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (fs.existsSync(file) && isHeld(file)) {
    if (performance.now() < giveUpAt) {
      progress.step('who writes the projections');
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      continue;
    }
    const pid = holderOf(file);
    const isStopped = pid !== undefined && readProcess(pid)?.stopped === true;
    const who = pid === undefined ? 'another process' : `process ${pid}`;
    await findings.add({
      id: 'index-held',
      severity: isStopped ? 'problem' : 'warning',
      message: isStopped
        ? `${who} was writing the projections and is stopped`
        : `${who} has been writing the projections for a while; runs were not looked at`,
      where: file,
      fix: isStopped
        ? `Let it go on: kill -CONT ${pid}   or end it: kill -9 ${pid}`
        : 'A rebuild of a long history takes minutes. Look again when it is done: wf doctor',
    });
    return;
  }
  facts.add('free');
}

function isHeld(file: string): boolean {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  try {
    const db = new DatabaseSync(file, { timeout: 0 });
    try {
      db.exec('BEGIN IMMEDIATE');
      db.exec('ROLLBACK');
      return false;
    } finally {
      db.close();
    }
  } catch (error) {
    // What is wrong with a damaged one is told by the look at the index.
    if (!isSqliteError(error)) throw error;
    return isBusy(error);
  }
}

function holderOf(file: string): number | undefined {
  const shared = fs.statSync(`${file}-shm`, { throwIfNoEntry: false });
  return shared === undefined ? undefined : lockHolderPid(shared.ino, WAL_WRITE_BYTE);
}
