/** What every pass over the log needs, and the pass itself: events in order, flushed so that memory stays bounded. */

import type { EventStore, Sha256Hex } from '../log/event-store.ts';
import type { FileSystem } from '../log/file-system.ts';
import { PROJECTION_VERSION } from '../projections/catalogue.ts';
import type { HomeBlobs } from './blobs.ts';
import type { IndexDb } from './index-db.ts';
import type { LogEvents } from './log-events.ts';
import type { LogFold } from './log-fold.ts';
import { newestRunsFloor } from './newest-runs.ts';
import type { HomePaths } from './paths.ts';
import type { ProjectionCheckpoint } from './stream-index.ts';

export type ProjectorDeps = {
  readonly fs: FileSystem;
  readonly paths: HomePaths;
  readonly index: IndexDb;
  readonly store: Pick<EventStore, 'head' | 'read' | 'sync'>;
  readonly sha256: Sha256Hex;
  /** Of this boot of the machine: files written under another one may not have reached the disk. */
  readonly bootId: string;
  readonly blobs: Pick<HomeBlobs, 'getSync'>;
  /** Folders outside the home that copies of summaries may go to. */
  readonly allowedRoots: readonly string[];
  /** How many of the newest runs have files. */
  readonly keptRuns: number;
  readonly onNotice: (text: string) => void;
};

/** Events between two flushes: few enough that what is held meanwhile dies young, or a long pass keeps much garbage. */
const FLUSH_EVENTS = 500;

type Range = {
  readonly fold: LogFold;
  readonly log: LogEvents;
  /** Byte offset of a line. */
  readonly from: number;
  /** Seq of the last event. */
  readonly upTo: number;
  readonly bootId: string;
  /** How many runs keep their files, where the way is long enough to look ahead. */
  readonly aheadOf?: number;
  readonly onProgress?: (done: number, total: number) => void;
};

/** Answers where the pass ended; null when there was nothing. */
export function foldRange(range: Range): ProjectionCheckpoint | null {
  const { fold, log, from, upTo, bootId, aheadOf, onProgress } = range;
  if (aheadOf !== undefined) fold.skipFilesBefore(newestRunsFloor(log, upTo, aheadOf));
  let reached: ProjectionCheckpoint | null = null;
  let done = 0;
  for (const located of log.from(from, upTo)) {
    fold.apply(located);
    const { lineOffset, endOffset, event } = located;
    const { seq, hash } = event;
    reached = { seq, lineOffset, endOffset, hash, projectionVersion: PROJECTION_VERSION, bootId };
    done += 1;
    if (done % FLUSH_EVENTS !== 0) continue;
    fold.flush();
    onProgress?.(seq, upTo);
  }
  fold.flush();
  onProgress?.(reached?.seq ?? 0, upTo);
  return reached;
}

export const refusedCopy = (wanted: string): string =>
  `no copy of the summary at ${wanted}: it is outside outbox/, artifacts/ and the roots that config.json allows`;
