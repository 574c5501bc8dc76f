/**
 * Record and briefs of runs before their turn: what a check wants to see on disk does not need rows, checkpoint and
 * map first. Nothing is committed; to everybody else it looks as if a projector had been killed after its files, and
 * the next pass writes what belongs to them.
 */
import type { StoredEvent } from '../events/envelope.ts';
import type { StoredRunEvent } from '../events/run-events.ts';
import { runStream } from '../events/streams.ts';
import { PROJECTION_VERSION } from '../projections/catalogue.ts';
import { runTexts } from '../projections/run-files.ts';
import { evolveRunFold, noRunFold, type RunFold } from '../projections/run-row.ts';
import { blobText } from './blob-text.ts';
import { fileSink } from './file-sink.ts';
import type { ProjectorDeps } from './fold-range.ts';
import { keptLimit } from './kept-files.ts';
import type { FoldCache } from './log-fold.ts';
import { readCheckpoint } from './stream-index.ts';
import { beginWrite, rollback } from './transaction.ts';

/** @returns false when it takes a whole pass: nothing was written then */
export async function writeEarlyFiles(
  deps: ProjectorDeps,
  cache: FoldCache,
  runIds: readonly string[],
): Promise<boolean> {
  const { fs, index, paths, store } = deps;
  const folds: RunFold[] = [];
  for (const runId of runIds) {
    let fold = noRunFold;
    for await (const event of store.read(runStream(runId)))
      fold = evolveRunFold(fold, event as StoredEvent & StoredRunEvent);
    folds.push(fold);
  }
  // Somebody else may have added to them: what is not on disk is in no file.
  const head = await store.head();
  if (head !== null) await store.sync(head);
  if (index.reopenIfReplaced()) return false;
  await beginWrite(index);
  try {
    const checkpoint = readCheckpoint(index);
    // A first pass, a rebuild, a repair after another boot: not here.
    if (checkpoint?.projectionVersion !== PROJECTION_VERSION || checkpoint.bootId !== deps.bootId)
      return false;
    if (keptLimit(index) !== deps.keptRuns) return false;
    const sink = fileSink({
      fs,
      home: paths.home,
      allowedRoots: deps.allowedRoots,
      place: (relative) => `${paths.home}/${relative}`,
      onRefused: () => undefined,
    });
    const resolve = blobText(deps.blobs);
    for (const fold of folds) {
      const { runId, stopped } = fold.state;
      // What has a row, or has stopped once, is more than a new run's record and briefs.
      if (stopped || runId === '' || index.get('SELECT 1 FROM runs WHERE runId = ?', runId) !== undefined)
        return false;
      for (const [path, text] of runTexts(fold.state, resolve)) if (text !== null) sink.own(path, text);
      cache.set(runId, fold);
    }
    return true;
  } finally {
    rollback(index);
  }
}
