/**
 * All projections anew from the log, by the same folds as catching up. The checkpoint is taken away first, and for
 * certain: wherever a crash stops this, the next command finds none and rebuilds again.
 */
import { failpoint } from '../failpoint.ts';
import { nodeFs } from '../log/file-system.ts';
import { asideSink } from './aside-sink.ts';
import { foldInThreads } from './fold-in-threads.ts';
import { foldRange, type ProjectorDeps, refusedCopy } from './fold-range.ts';
import type { IndexDb } from './index-db.ts';
import { keptFloor } from './kept-files.ts';
import { LogEvents } from './log-events.ts';
import { LogFold } from './log-fold.ts';
import { newestRunsFloor } from './newest-runs.ts';
import { freeAsideFolder, type MovedFile, swapFolders } from './rebuild-dirs.ts';
import { ThreadGaveUp } from './rebuild-thread.ts';
import { isBusy, isDamage, isSqliteError } from './sqlite-errors.ts';
import { writeCheckpoint, writeCleanMark } from './stream-index.ts';
import { beginWrite, rollback } from './transaction.ts';

export type RebuildResult = {
  /** Seq of the last event folded. */
  readonly upTo: number;
  readonly events: number;
  readonly runs: number;
  /** Files found among the projections that the log did not write. */
  readonly foreign: readonly MovedFile[];
};

export type RebuildOptions = {
  readonly upTo: number;
  readonly onProgress?: (done: number, total: number) => void;
  /** For tests; the default is right for every log. */
  readonly threads?: Threads;
};

type Threads = {
  /** Bytes of log from which on a second thread helps. */
  readonly fromBytes: number;
  /** Between two messages of it. */
  readonly batchEvents: number;
};

/** For the rows of one rebuild. SQLite's own 2 MB are right for everything else. */
const CACHE_KIB = 32 * 1024;
/**
 * Some 30,000 events: less is done before a thread has been started and has warmed up. A batch is a small message, and
 * long enough that messages cost nothing.
 */
const THREADS: Threads = { fromBytes: 16 * 1024 * 1024, batchEvents: 1_000 };

export async function rebuild(deps: ProjectorDeps, options: RebuildOptions): Promise<RebuildResult> {
  deps.index.reopenIfReplaced();
  await takeCheckpointAway(deps.index);
  failpoint('rebuild.checkpoint.gone');
  try {
    return await rebuildOnce(deps, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Too damaged even to be emptied.
    deps.index.recreate();
    return rebuildOnce(deps, options);
  }
}

async function rebuildOnce(deps: ProjectorDeps, options: RebuildOptions): Promise<RebuildResult> {
  const { index } = deps;
  // Keys come in no order: with less of the index at hand, each of a million rows would fetch and write pages again.
  index.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  await beginWrite(index);
  try {
    const result = build(deps, options);
    index.exec('COMMIT');
    failpoint('rebuild.committed');
    // One transaction wrote all of the index: its log is as long, and nobody would ever shorten it.
    index.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    announceForeign(deps, result);
    return result;
  } catch (error) {
    // What was built or set aside stays: files that are not ours may be in it, and the next rebuild looks there.
    rollback(index);
    throw error;
  } finally {
    index.exec('PRAGMA cache_size = -2000');
  }
}

/** Synced, unlike every other commit here: folders are swapped next, and that must not meet an old checkpoint. */
async function takeCheckpointAway(index: IndexDb): Promise<void> {
  try {
    index.exec('PRAGMA synchronous = FULL');
    await beginWrite(index);
    writeCheckpoint(index, null);
    index.exec('COMMIT');
  } catch (error) {
    rollback(index);
    if (!isSqliteError(error) || isBusy(error)) throw error;
    // Too damaged even for that; a new file has no checkpoint.
    index.recreate();
  }
  index.exec('PRAGMA synchronous = NORMAL');
}

const nothing = (): RebuildResult => ({ upTo: 0, events: 0, runs: 0, foreign: [] });

function build(deps: ProjectorDeps, options: RebuildOptions): RebuildResult {
  emptyTables(deps.index);
  if (options.upTo === 0) return nothing();
  try {
    return buildAside(deps, options);
  } catch (error) {
    if (!(error instanceof ThreadGaveUp)) throw error;
    deps.onNotice(`rebuilding without a second thread: ${error.message}`);
    emptyTables(deps.index);
    return buildAside(deps, { ...options, threads: { ...THREADS, fromBytes: Number.POSITIVE_INFINITY } });
  }
}

function emptyTables(index: IndexDb): void {
  const durableMark = index.meta('durableMark');
  index.clearTables();
  if (durableMark !== null) index.setMeta('durableMark', durableMark);
}

function buildAside(deps: ProjectorDeps, options: RebuildOptions): RebuildResult {
  const { fs, paths, index, blobs, sha256, bootId, keptRuns, allowedRoots } = deps;
  const { upTo, onProgress = () => undefined, threads = THREADS } = options;
  const aside = freeAsideFolder(fs, paths);
  const sink = asideSink({
    ...{ fs, home: paths.home, allowedRoots, aside },
    onRefused: (wanted) => deps.onNotice(refusedCopy(wanted)),
  });
  const log = new LogEvents(fs, paths.log);
  try {
    // A thread can only have the real file system.
    const isShared = fs === nodeFs && log.size >= threads.fromBytes;
    const fold = new LogFold({
      ...{ index, log, sink, blobs, sha256, cache: new Map(), keptRuns },
      sharesRuns: isShared,
    });
    const floor = newestRunsFloor(log, upTo, keptRuns);
    fold.skipFilesBefore(floor);
    const reached = isShared
      ? foldInThreads({ deps, fold, log, aside, upTo, floor, onProgress, batchEvents: threads.batchEvents })
      : foldRange({ fold, log, from: 0, upTo, bootId, onProgress });
    fold.finish({ writeMap: true });
    failpoint('rebuild.built');
    const foreign = swapFolders(fs, paths, index, aside);
    failpoint('rebuild.swapped');
    if (reached !== null) writeCheckpoint(index, reached);
    // None of the files is synced, and the next boot makes them again: those of the runs that keep theirs, not more.
    writeCleanMark(index, { seq: 0, at: 0, floor: keptFloor(index), gone: reached?.seq ?? 0 });
    const runs = index.get<{ n: number }>('SELECT count(*) AS n FROM runs')?.n ?? 0;
    return { upTo: reached?.seq ?? 0, events: reached?.seq ?? 0, runs, foreign };
  } finally {
    log.close();
  }
}

function announceForeign(deps: ProjectorDeps, result: RebuildResult): void {
  for (const { from, to } of result.foreign) {
    deps.onNotice(`${from} was not written by the log: moved to ${to}`);
  }
}
