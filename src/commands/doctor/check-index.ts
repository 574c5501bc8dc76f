/**
 * Whether `index.db` is there, whole, of this version and made from this log, as it was before anybody opened it.
 * It can always be made anew, so `--fix` does.
 */
import { entriesOf } from '../../home/folder-names.ts';
import { IndexDb } from '../../home/index-db.ts';
import { LogEvents } from '../../home/log-events.ts';
import type { HomePaths } from '../../home/paths.ts';
import { beginWrite, rollback } from '../../home/transaction.ts';
import { nodeFs } from '../../log/file-system.ts';
import { PROJECTED_DIRS } from '../../projections/catalogue.ts';
import type { Exam } from './exam.ts';
import type { FindingId } from './finding-kinds.ts';
import type { Severity } from './findings.ts';
import { type IndexLook, lookAtIndex } from './index-look.ts';

const fs = process.getBuiltinModule('node:fs');

/** More than commands leave behind: each catches up as it ends. */
const BEHIND_EVENTS = 1_000;

export async function checkIndex(exam: Exam): Promise<void> {
  const { findings, facts, paths, log, progress } = exam;
  if (log === null || log.result.events === 0) return;
  const wrong = whatIsWrong(exam, await settled(exam, log.index), log.result.headSeq);
  if (wrong === null) {
    facts.add('indexed');
    return;
  }
  const left = await findings.add(
    { ...wrong, where: paths.indexDb, fix: 'makes it, and every projection, anew from the log' },
    async () => {
      progress.step('the log, to make the projections anew');
      const projector = await (await exam.open()).projector();
      const onProgress = (done: number, total: number): void =>
        progress.step('making the projections anew', done / Math.max(1, total));
      const { events } = await projector.rebuild({ onProgress });
      return `rebuilt from ${events} events`;
    },
  );
  if (left === 'ok') facts.add('indexed');
}

/** The first projector of a home writes files before there is any checkpoint: it is waited for. */
async function settled({ paths, deep }: Exam, look: IndexLook): Promise<IndexLook> {
  if (look.state !== 'readable' || look.checkpoint !== null || !hasProjections(paths)) return look;
  const index = new IndexDb(paths.indexDb);
  try {
    await beginWrite(index);
    rollback(index);
  } finally {
    index.close();
  }
  return lookAtIndex(paths.indexDb, deep);
}

/** Where nothing was projected yet, there is nothing to miss: the next command begins with it. */
const hasProjections = ({ home }: HomePaths): boolean =>
  PROJECTED_DIRS.some((dir) => {
    for (const _ of entriesOf(`${home}/${dir}`)) return true;
    return false;
  });

type Wrong = { readonly id: FindingId; readonly severity: Severity; readonly message: string };

function whatIsWrong({ paths }: Exam, look: IndexLook, headSeq: number): Wrong | null {
  switch (look.state) {
    case 'missing':
      return neverFilled(paths, headSeq, 'there is no index');
    case 'damaged':
      return { id: 'index-damaged', severity: 'problem', message: `the index is damaged: ${look.reason}` };
    case 'other-version': {
      const message = `the index was made by another version (${look.version})`;
      return { id: 'index-version', severity: 'warning', message };
    }
    case 'readable': {
      const { checkpoint } = look;
      if (checkpoint === null) return neverFilled(paths, headSeq, 'the index was never filled to its end');
      const { seq, lineOffset, endOffset, hash } = checkpoint;
      if (!isInLog(paths.log, lineOffset, endOffset, hash))
        return {
          id: 'index-stale',
          severity: 'problem',
          message: `the index was made from another log: what it knows as event ${seq} does not stand there`,
        };
      return behindBy(headSeq - seq);
    }
  }
}

const neverFilled = (paths: HomePaths, headSeq: number, message: string): Wrong | null =>
  hasProjections(paths) ? { id: 'index-missing', severity: 'warning', message } : behindBy(headSeq);

const behindBy = (events: number): Wrong | null =>
  events < BEHIND_EVENTS
    ? null
    : { id: 'index-behind', severity: 'warning', message: `the index is ${events} events behind the log` };

function isInLog(file: string, offset: number, endOffset: number, hash: string): boolean {
  if (!fs.existsSync(file)) return false;
  const log = new LogEvents(nodeFs, file);
  try {
    return log.hasLine(offset, endOffset, hash);
  } finally {
    log.close();
  }
}
