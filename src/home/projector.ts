/**
 * Brings files and `index.db` up to the log, one projector at a time over all processes. Nothing is projected that
 * is not on disk; a crash anywhere leaves the old checkpoint, and the next command does the same work again.
 */

import { failpoint } from '../failpoint.ts';
import type { FileSystem } from '../log/file-system.ts';
import { fsFailure } from '../log/fs-failure.ts';
import { PROJECTED_DIRS, PROJECTION_VERSION } from '../projections/catalogue.ts';
import { advanceCleanMark, takeCleanMarkBack, touchUnclean } from './clean-mark.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { fileSink, isAside } from './file-sink.ts';
import { foldRange, type ProjectorDeps, refusedCopy } from './fold-range.ts';
import { keptLimit } from './kept-files.ts';
import { LogEvents } from './log-events.ts';
import { type FoldCache, LogFold } from './log-fold.ts';
import type { HomePaths } from './paths.ts';
import type { RebuildOptions, RebuildResult } from './rebuild.ts';
import type { RememberedMap } from './remembered-map.ts';
import { isDamage } from './sqlite-errors.ts';
import { type ProjectionCheckpoint, readCheckpoint, writeCheckpoint } from './stream-index.ts';
import { beginWrite, rollback } from './transaction.ts';

export type ProjectOptions = {
  /** Leaves a rebuild, or many events, to the next call without it: the caller cannot wait for long. */
  readonly ifQuick?: boolean;
};

/** Some milliseconds of work. */
const QUICK_EVENTS = 500;

export type Projector = {
  /** Catches up to everything recorded when it was called; answers how far the projections now are. */
  project(options?: ProjectOptions): Promise<{ readonly upTo: number }>;
  /** Writes record and briefs of a new run, and leaves everything else to the next pass where it can. */
  writeEarly(runId: string): Promise<void>;
  /** Makes all projections anew from the log. */
  rebuild(options?: Omit<RebuildOptions, 'upTo'>): Promise<RebuildResult>;
};

export function openProjector(deps: ProjectorDeps): Projector {
  const catchUp = new CatchUp(deps);
  let queue: Promise<unknown> = Promise.resolve();
  // Within a process one after the other, for they share one connection.
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work, work).catch((error) => {
      throw asTyped(error, deps.paths);
    });
    queue = result.catch(() => undefined);
    return result;
  };
  /** Asked for and not begun: it answers everybody who asks until then. Many runs at once share their passes. */
  let next: Promise<{ readonly upTo: number }> | undefined;
  const pass = (): Promise<{ readonly upTo: number }> => {
    next = undefined;
    return catchUp.project({});
  };
  let early: { readonly runIds: string[]; readonly written: Promise<void> } | undefined;
  const writeEarly = async (): Promise<void> => {
    const { runIds = [] } = early ?? {};
    early = undefined;
    if (!(await catchUp.writeEarly(runIds))) await catchUp.project({});
  };
  return {
    project: ({ ifQuick = false } = {}) => {
      if (ifQuick) return queued(() => catchUp.project({ ifQuick }));
      next ??= queued(pass);
      return next;
    },
    writeEarly: (runId) => {
      early ??= { runIds: [], written: queued(writeEarly) };
      early.runIds.push(runId);
      return early.written;
    },
    rebuild: (options = {}) => queued(() => catchUp.rebuild(options)),
  };
}

/**
 * A process that makes hundreds of runs a second would do little else than sync their files one by one. It gives that
 * a twentieth of its time; the mark stays back meanwhile, which only makes the repair after a power cut longer.
 */
const MARK_SHARE = 20;
const MARK_PAUSE_MS = 5_000;
const pauseAfter = (startedMs: number, endedMs: number): number =>
  endedMs + Math.max(MARK_PAUSE_MS, MARK_SHARE * (endedMs - startedMs));

/** A shorter way pushes out few runs that it brought in itself: looking ahead would cost more than their files. */
const LOOK_AHEAD_EVENTS = 8_000;

/** What the system refused while files were read, moved or synced: nothing is lost, and it is no bug. */
const asTyped = (error: unknown, paths: HomePaths): unknown =>
  /^E[A-Z]+$/.test(errorCode(error) ?? '') ? fsFailure(error, 'write the projections', paths.state) : error;

/** Who has made so few runs pays less for the whole map than for the code that remembers it. */
const REMEMBER_MAP_AFTER_PASSES = 8;

type Outcome = { readonly done: number } | { readonly rebuild: string };

class CatchUp {
  readonly #deps: ProjectorDeps;
  readonly #cache: FoldCache = new Map();
  #markMayMoveAt = 0;
  #passes = 0;
  #map: RememberedMap | undefined;

  constructor(deps: ProjectorDeps) {
    this.#deps = deps;
  }

  async project({ ifQuick = false }: ProjectOptions): Promise<{ readonly upTo: number }> {
    const upTo = await this.#durableHead();
    if (upTo === 0) return { upTo: 0 };
    if (++this.#passes === REMEMBER_MAP_AFTER_PASSES)
      this.#map = new (await import('./remembered-map.ts')).RememberedMap(this.#deps.index);
    const outcome = await this.#inTransaction((log) => this.#catchUp(log, upTo, ifQuick));
    if ('done' in outcome) return { upTo: outcome.done };
    if (ifQuick) return { upTo: 0 };
    this.#deps.onNotice(`the projections are rebuilt from the log: ${outcome.rebuild}`);
    const result = await this.#rebuild({ upTo, onProgress: this.#announce() });
    return { upTo: result.upTo };
  }

  async writeEarly(runIds: readonly string[]): Promise<boolean> {
    try {
      // Only where a check wants files that an act did not leave behind.
      const { writeEarlyFiles } = await import('./early-files.ts');
      return await writeEarlyFiles(this.#deps, this.#cache, runIds);
    } catch (error) {
      this.#cache.clear();
      if (!isDamage(error)) throw error;
      return false;
    }
  }

  async rebuild(options: Omit<RebuildOptions, 'upTo'>): Promise<RebuildResult> {
    return this.#rebuild({ upTo: await this.#durableHead(), ...options });
  }

  /** What is read from the log here is on disk before anybody is told about it. */
  async #durableHead(): Promise<number> {
    const head = await this.#deps.store.head();
    return head === null ? 0 : Math.max(head.seq, (await this.#deps.store.sync(head)).seq);
  }

  async #rebuild(options: RebuildOptions): Promise<RebuildResult> {
    this.#cache.clear();
    this.#map?.forget();
    // Rare, and no part of what a short command has to load.
    const { rebuild } = await import('./rebuild.ts');
    return rebuild(this.#deps, options);
  }

  async #inTransaction(work: (log: LogEvents) => Outcome): Promise<Outcome> {
    const { fs, index, paths } = this.#deps;
    for (let left = 2; ; left--) {
      if (index.reopenIfReplaced()) this.#map?.forget();
      try {
        await beginWrite(index);
        failpoint('projection.begun');
        const log = new LogEvents(fs, paths.log);
        try {
          const outcome = work(log);
          failpoint('projection.folded');
          index.exec('COMMIT');
          failpoint('projection.committed');
          return outcome;
        } finally {
          log.close();
        }
      } catch (error) {
        rollback(index);
        this.#map?.forget();
        // Its files were written, or not: nobody can tell.
        this.#cache.clear();
        if (left === 0 || !isDamage(error)) throw error;
        // The index is damaged: an empty one has no checkpoint, and so is filled again.
        index.recreate();
      }
    }
  }

  #catchUp(log: LogEvents, upTo: number, ifQuick: boolean): Outcome {
    const { fs, index, paths, bootId } = this.#deps;
    const checkpoint = readCheckpoint(index);
    const done = checkpoint?.seq ?? 0;
    if (ifQuick && upTo - done > QUICK_EVENTS) return { done };
    if (checkpoint === null) {
      // Rows without a checkpoint are of a rebuild that was cut short: folding onto them would count twice.
      if (index.get('SELECT 1 FROM stream_offsets LIMIT 1') !== undefined)
        return { rebuild: 'an earlier rebuild was cut short' };
      return hasProjections(fs, paths) ? { rebuild: `the index ${index.lost}` } : this.#fold(log, null, upTo);
    }
    if (checkpoint.projectionVersion !== PROJECTION_VERSION) return { rebuild: 'another version wrote them' };
    if (!log.hasLine(checkpoint.lineOffset, checkpoint.endOffset, checkpoint.hash))
      return { rebuild: 'the index was made from another log' };
    const current =
      checkpoint.seq >= upTo &&
      checkpoint.bootId === bootId &&
      keptLimit(index) === this.#deps.keptRuns &&
      fs.existsSync(paths.indexJson);
    return current ? { done: checkpoint.seq } : this.#fold(log, checkpoint, upTo);
  }

  #fold(log: LogEvents, from: ProjectionCheckpoint | null, upTo: number): Outcome {
    const { fs, index, paths, sha256, blobs, bootId, keptRuns } = this.#deps;
    const sink = fileSink({
      fs,
      home: paths.home,
      allowedRoots: this.#deps.allowedRoots,
      place: (relative) => `${paths.home}/${relative}`,
      onRefused: (wanted) => this.#deps.onNotice(refusedCopy(wanted)),
    });
    const map = this.#map;
    const fold = new LogFold({
      ...{ index, log, sink, blobs, sha256, cache: this.#cache, keptRuns, inPlace: from !== null },
      ...(map === undefined ? {} : { map }),
    });
    const rebooted = from !== null && from.bootId !== bootId;
    if (rebooted) touchUnclean(index, fold);
    const isResized = keptLimit(index) !== keptRuns;
    if (isResized) fold.settleKeptRuns();
    const isLong = upTo - (from?.seq ?? 0) > Math.max(keptRuns, LOOK_AHEAD_EVENTS);
    const ahead = isLong ? { aheadOf: keptRuns } : {};
    let reached = from === null ? null : { ...from, bootId };
    // Where there is nothing more to fold nothing is read: what follows may be the torn end of a write.
    if (from !== null && from.seq >= upTo) fold.flush();
    else reached = foldRange({ fold, log, from: from?.endOffset ?? 0, upTo, bootId, ...ahead }) ?? reached;
    fold.finish({ writeMap: rebooted || !fs.existsSync(paths.indexJson) });
    if (reached === null) return { done: 0 };
    if (isResized) takeCleanMarkBack(index);
    const started = performance.now();
    if (started >= this.#markMayMoveAt && advanceCleanMark(fs, index, paths, reached.seq))
      this.#markMayMoveAt = pauseAfter(started, performance.now());
    // Files first, rows and checkpoint after: a crash between them repeats the files, which are the same bytes.
    writeCheckpoint(index, reached);
    return { done: reached.seq };
  }

  #announce(): (done: number, total: number) => void {
    let next = 100_000;
    return (done, total) => {
      if (done < next) return;
      next = done + 100_000;
      this.#deps.onNotice(`rebuilding: ${done} of ${total} events`);
    };
  }
}

/** Whether anything stands where projections go, or a rebuild was cut short: a new home has neither. */
function hasProjections(fs: FileSystem, paths: HomePaths): boolean {
  const names = (dir: string): string[] => {
    try {
      return fs.readdirSync(`${paths.home}/${dir}`);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  };
  const isOurs = (name: string): boolean => isAside(name) || name === 'index.json';
  return names('state').some(isOurs) || PROJECTED_DIRS.some((dir) => names(dir).length > 0);
}
