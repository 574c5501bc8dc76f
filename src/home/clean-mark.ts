/**
 * Projected files are not synced when they are written, so a power cut may leave old or empty ones behind an index
 * that survived. The clean mark says up to which last event of a run its files certainly are on disk; after another
 * boot those of later ones are written again. It moves in steps, so that its cost is a small constant per run; what
 * is to repair is never more than the runs that have files.
 */
import type { FileSystem } from '../log/file-system.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { markerPath, recordPath, summaryPath, taskPath } from '../projections/run-files.ts';
import { isMissing } from './file-errors.ts';
import { syncPath } from './file-sink.ts';
import type { IndexDb } from './index-db.ts';
import { keptFloor, keptSince, neededBelow } from './kept-files.ts';
import type { LogFold } from './log-fold.ts';
import type { HomePaths } from './paths.ts';
import { readCleanMark, writeCleanMark } from './stream-index.ts';

/** Events between the mark and the head that are left alone: their files are too fresh to be on disk by themselves. */
const LAG = 4_000;
/** How many runs the mark passes at once, and how many new events there must be before it moves again. */
const STEP_RUNS = 100;
const PACE = 1_000;

/** Touches everything whose files may have been lost, so that the fold writes it again. */
export function touchUnclean(index: IndexDb, fold: LogFold): void {
  const { seq, floor, gone } = readCleanMark(index);
  fold.dropSince(floor, gone);
  for (const { runId } of neededBelow(index, seq)) fold.touchRun(runId);
  for (const { runId } of keptSince(index, seq)) fold.touchRun(runId);
  for (const tool of toolsOf(index)) fold.touchTool(tool);
  fold.flush();
}

/**
 * Syncs the files of the runs after the mark, oldest first, and moves it. Call inside the transaction.
 * @returns whether there was anything to do
 */
export function advanceCleanMark(fs: FileSystem, index: IndexDb, paths: HomePaths, headSeq: number): boolean {
  const mark = readCleanMark(index);
  const through = headSeq - LAG;
  if (through <= mark.seq || headSeq - mark.at < PACE) return false;
  const step = nextRuns(index, mark.seq, through);
  const files = new Set<string>(['state/index.json', ...toolsOf(index).map(markerPath)]);
  for (const { runId } of step) addRunFiles(index, runId, files);
  syncAll(fs, paths, files);
  const last = step.length < STEP_RUNS ? undefined : step.at(-1);
  writeCleanMark(index, {
    seq: last?.lastSeq ?? through,
    at: headSeq,
    floor: keptFloor(index),
    gone: headSeq,
  });
  return true;
}

function nextRuns(index: IndexDb, after: number, through: number) {
  const needed = neededBelow(index, after).filter(({ lastSeq }) => lastSeq <= through);
  const left = STEP_RUNS - needed.length;
  if (left <= 0) return needed.slice(0, STEP_RUNS);
  return [...needed, ...keptSince(index, after, { through, limit: left })];
}

/** Files, then the names of all folders on the way: a name that is lost takes what is below it along. */
function syncAll(fs: FileSystem, paths: HomePaths, files: ReadonlySet<string>): void {
  const folders = new Set<string>([...PROJECTED_DIRS, 'state'].map((dir) => `${paths.home}/${dir}`));
  for (const file of files) {
    const path = file.startsWith('/') ? file : `${paths.home}/${file}`;
    syncIfThere(fs, path);
    for (let folder = parentOf(path); folder.startsWith(`${paths.home}/`); folder = parentOf(folder)) {
      folders.add(folder);
    }
    if (!path.startsWith(`${paths.home}/`)) folders.add(parentOf(path));
  }
  for (const folder of [...folders, paths.home]) syncIfThere(fs, folder);
}

/** Files were made or taken away of runs that the mark had passed: it goes back before all of them. */
export function takeCleanMarkBack(index: IndexDb): void {
  const { floor, gone } = readCleanMark(index);
  writeCleanMark(index, { seq: 0, at: 0, floor: Math.min(floor, keptFloor(index)), gone });
}

const toolsOf = (index: IndexDb): readonly string[] =>
  index.all<{ tool: string }>('SELECT DISTINCT tool FROM tools').map(({ tool }) => tool);

function addRunFiles(index: IndexDb, runId: string, files: Set<string>): void {
  if (files.has(recordPath(runId))) return;
  files.add(recordPath(runId)).add(summaryPath(runId));
  const row = index.get<{ copyFile: string | null }>('SELECT copyFile FROM runs WHERE runId = ?', runId);
  if (row?.copyFile != null) files.add(row.copyFile);
  for (const { taskId } of index.all<{ taskId: string }>('SELECT taskId FROM tasks WHERE runId = ?', runId)) {
    files.add(taskPath(taskId));
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function syncIfThere(fs: FileSystem, path: string): void {
  try {
    syncPath(fs, path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
