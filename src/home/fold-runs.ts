/**
 * One pass over the log for its runs alone: folds them, makes their files, and answers with rows, batch by batch, for
 * somebody else to write. A run that comes back after its fold was forgotten is left to the one who has the offsets.
 */
import type { StoredEvent } from '../events/envelope.ts';
import type { StoredRunEvent } from '../events/run-events.ts';
import { runIdOf } from '../events/streams.ts';
import { copyPath, isArtifact, recordPath, summaryPath, taskPath } from '../projections/run-files.ts';
import type { ResolveText } from '../projections/run-record.ts';
import { evolveRunFold, noRunFold, type RunFold } from '../projections/run-row.ts';
import type { FileSink } from './file-sink.ts';
import type { LogEvents } from './log-events.ts';
import { type FoldCache, remember } from './log-fold.ts';
import { writeRunFiles } from './run-file-writer.ts';
import { type FoldedRun, type RunRows, rowsOf } from './run-rows.ts';

export type FoldedBatch = {
  /** First byte after the batch. */
  readonly end: number;
  readonly runs: readonly FoldedRun[];
  /** Runs that had events in it and are not among them. */
  readonly left: readonly string[];
};

/** Both sides of a rebuild ask this. The one with the rows has less to do than the one with the files: it takes some. */
const HERE_OF_16 = 6;

export function isFoldedApart(runId: string): boolean {
  // All of it counts: what made the ids may have varied any part of them.
  let mixed = 0;
  for (let i = 0; i < runId.length; i++) mixed = Math.imul(mixed ^ runId.charCodeAt(i), 0x01000193);
  return mixed >>> 28 >= HERE_OF_16;
}

export type RunsFold = {
  readonly log: LogEvents;
  readonly upTo: number;
  /** Runs whose last event is older have no files, unless somebody needs them. */
  readonly floor: number;
  /** Events of all kinds in a batch. */
  readonly batchEvents: number;
  readonly sink: FileSink;
  readonly resolve: ResolveText;
};

export function* foldRuns({
  log,
  upTo,
  floor,
  batchEvents,
  sink,
  resolve,
}: RunsFold): Generator<FoldedBatch> {
  const cache: FoldCache = new Map();
  const touched = new Map<string, RunFold>();
  const left = new Set<string>();
  const batch = (end: number): FoldedBatch => {
    const runs: FoldedRun[] = [];
    for (const [runId, fold] of touched) {
      const since = cache.get(runId);
      remember(cache, runId, fold);
      if (fold.state.runId === runId) runs.push(settle(fold, since));
    }
    const done = { end, runs, left: [...left] };
    touched.clear();
    left.clear();
    return done;
  };
  const settle = (fold: RunFold, before: RunFold | undefined): FoldedRun => {
    const rows = rowsOf(fold);
    const since = before !== undefined && keepsFiles(rowsOf(before), floor) ? before : undefined;
    const hasFiles = keepsFiles(rows, floor);
    const copyBefore = since === undefined ? null : copyPath(since.state);
    if (hasFiles) {
      const copy = rows.row.copyFile;
      if (copyBefore !== null && copyBefore !== copy) sink.copy(copyBefore, null);
      writeRunFiles(sink, resolve, fold, { copy, isNew: since === undefined, since });
    } else if (since !== undefined) {
      dropRunFiles(sink, since, { ...rows.row, copyFile: copyBefore ?? rows.row.copyFile });
    }
    return { ...rows, hasFiles };
  };
  let events = 0;
  let end = 0;
  for (const line of log.lines(0, upTo)) {
    const runId = runIdOf(line.stream);
    if (runId !== undefined && isFoldedApart(runId)) {
      const fold = touched.get(runId) ?? cache.get(runId) ?? (line.streamVersion === 1 ? noRunFold : null);
      if (fold?.state.version === line.streamVersion - 1) {
        touched.set(runId, evolveRunFold(fold, log.event(line) as StoredEvent & StoredRunEvent));
      } else {
        left.add(runId);
        touched.delete(runId);
        cache.delete(runId);
      }
    }
    events += 1;
    end = line.endOffset;
    if (events % batchEvents === 0) yield batch(end);
  }
  if (events % batchEvents !== 0) yield batch(end);
}

/** As the rows will say of it, see `KeptFiles.has`: its task's row has dispatcher and status there. */
function keepsFiles({ row, tasks }: RunRows, floor: number): boolean {
  if (row.filesExpired !== null) return false;
  if (row.lastSeq >= floor || row.status === 'running' || row.status === 'waiting') return true;
  return (
    row.status === 'handed_off' &&
    tasks.some(({ dispatcher, status }) => dispatcher === 'manual' && status === 'handed_off')
  );
}

/** As `dropFiles` does it by the rows. */
function dropRunFiles(sink: FileSink, { state }: RunFold, row: RunRows['row']): void {
  sink.own(recordPath(state.runId), null);
  sink.own(summaryPath(state.runId), null);
  for (const { taskId } of state.effects) if (taskId !== undefined) sink.own(taskPath(taskId), null);
  const { copyFile, artifactsExpired, runId } = row;
  if (copyFile === null) return;
  if (artifactsExpired && isArtifact(copyFile, runId)) sink.copy(copyFile, null);
  else sink.dropCopy(copyFile);
}
