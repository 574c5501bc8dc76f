/**
 * The pass of a rebuild over a long log, by two threads: the other one folds most runs and makes their files, this one
 * notes where lines stand, folds the rest, and writes all rows. What comes out is what one thread makes.
 */
import { runIdOf } from '../events/streams.ts';
import { PROJECTION_VERSION } from '../projections/catalogue.ts';
import { type ProjectorDeps, refusedCopy } from './fold-range.ts';
import { isFoldedApart } from './fold-runs.ts';
import type { LogEvents, LogLine } from './log-events.ts';
import type { LogFold } from './log-fold.ts';
import { startRebuildThread } from './rebuild-thread.ts';
import type { ProjectionCheckpoint } from './stream-index.ts';

export type ThreadedPass = {
  readonly deps: ProjectorDeps;
  readonly fold: LogFold;
  readonly log: LogEvents;
  readonly aside: string;
  readonly upTo: number;
  /** See `newestRunsFloor`. */
  readonly floor: number;
  readonly batchEvents: number;
  readonly onProgress: (done: number, total: number) => void;
};

/** @throws {ThreadGaveUp} the tables and the folder hold a part, then */
export function foldInThreads(pass: ThreadedPass): ProjectionCheckpoint | null {
  const { deps, fold, log, aside, upTo, floor, batchEvents, onProgress } = pass;
  const { home } = deps.paths;
  const thread = startRebuildThread({
    ...{ home, aside, allowedRoots: deps.allowedRoots, upTo, floor, batchEvents },
    ino: log.ino,
  });
  try {
    const lines = log.lines(0, upTo);
    let last: Pick<LogLine, 'lineOffset' | 'endOffset'> | undefined;
    for (let message = thread.next(); message.kind === 'batch'; message = thread.next()) {
      const { batch, refused } = message;
      for (let end = 0; end < batch.end; ) {
        const { value: line, done } = lines.next();
        if (done === true) break;
        const { lineOffset, endOffset } = line;
        const runId = runIdOf(line.stream);
        if (runId !== undefined && isFoldedApart(runId)) fold.note(line);
        else fold.apply({ event: log.event(line), lineOffset, endOffset });
        last = { lineOffset, endOffset };
        end = endOffset;
      }
      fold.take(batch.runs);
      fold.flush();
      if (batch.left.length > 0) {
        // Their lines are found by what was flushed just now.
        for (const runId of batch.left) fold.touchRun(runId);
        fold.flush();
      }
      for (const wanted of refused) deps.onNotice(refusedCopy(wanted));
      if (last !== undefined) onProgress(log.at(last.lineOffset).seq, upTo);
    }
    if (last === undefined) return null;
    const { seq, hash } = log.at(last.lineOffset);
    return { seq, ...last, hash, projectionVersion: PROJECTION_VERSION, bootId: deps.bootId };
  } finally {
    thread.end();
  }
}
