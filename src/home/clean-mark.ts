/**
 * Projected files are not synced when they are written, so a power cut may leave old or empty ones behind an index
 * that survived. The clean mark says up to where they certainly are on disk; after another boot the rest is written
 * again. It moves in steps, so that its cost is a small constant per run and the rest to repair stays short.
 */
import { runIdOf } from '../events/streams.ts';
import type { FileSystem } from '../log/file-system.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { recordPath, summaryPath, taskPath } from '../projections/run-files.ts';
import { isMissing } from './file-errors.ts';
import type { IndexDb } from './index-db.ts';
import { keptFloor } from './kept-files.ts';
import type { LogEvents } from './log-events.ts';
import type { LogFold } from './log-fold.ts';
import type { HomePaths } from './paths.ts';
import { readCleanMark, writeCleanMark } from './stream-index.ts';

/** Events between the mark and the head that are left alone: their files are too fresh to be on disk by themselves. */
const LAG = 4_000;
/** How many events the mark moves at once, and how many new ones there must be before it moves again. */
const STEP = 2_000;
const PACE = 1_000;
/** How many runs are held in memory while they are written again. */
const FLUSH_STREAMS = 1_000;

/** Touches everything whose files may have been lost, so that the fold writes it again. */
export function touchUnclean(index: IndexDb, log: LogEvents, fold: LogFold, throughSeq: number): void {
  const mark = readCleanMark(index);
  fold.dropSince(mark.floor);
  const seen = new Set<string>();
  for (const { event } of log.from(mark.endOffset, throughSeq)) {
    if (seen.has(event.stream)) continue;
    seen.add(event.stream);
    fold.touch(event.stream, event);
    if (seen.size % FLUSH_STREAMS === 0) fold.flush();
  }
}

/**
 * Syncs the files of the oldest events after the mark and moves it. Call inside the transaction.
 * @returns whether there was anything to do
 */
export function advanceCleanMark(
  fs: FileSystem,
  index: IndexDb,
  log: LogEvents,
  paths: HomePaths,
  headSeq: number,
): boolean {
  const mark = readCleanMark(index);
  if (headSeq - mark.seq <= LAG || headSeq - mark.at < PACE) return false;
  const files = new Set<string>(['state/index.json']);
  let last = mark;
  for (const { event, endOffset } of log.from(mark.endOffset, mark.seq + STEP)) {
    last = { seq: event.seq, endOffset, at: headSeq, floor: keptFloor(index) };
    const runId = runIdOf(event.stream);
    if (runId !== undefined) addRunFiles(index, runId, files);
    else if (event.stream.startsWith('tool/')) files.add(`state/tools/${event.stream.split('/').at(-1)}.ok`);
  }
  for (const file of files) sync(fs, `${paths.home}/${file}`);
  for (const dir of PROJECTED_DIRS) sync(fs, `${paths.home}/${dir}`);
  sync(fs, paths.state);
  writeCleanMark(index, last);
  return true;
}

function addRunFiles(index: IndexDb, runId: string, files: Set<string>): void {
  if (files.has(recordPath(runId))) return;
  files.add(recordPath(runId)).add(summaryPath(runId));
  for (const { taskId } of index.all<{ taskId: string }>('SELECT taskId FROM tasks WHERE runId = ?', runId)) {
    files.add(taskPath(taskId));
  }
}

function sync(fs: FileSystem, path: string): void {
  let fd: number;
  try {
    fd = fs.openSync(path, 'r');
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
