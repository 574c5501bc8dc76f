/**
 * The index of a home that may be read and not written: folded from the whole log into memory, for one command.
 * Nothing in the home is touched, and no file is projected.
 */

import type { Sha256Hex } from '../log/event-store.ts';
import { nodeFs } from '../log/file-system.ts';
import type { HomeBlobs } from './blobs.ts';
import type { FileSink } from './file-sink.ts';
import { foldRange } from './fold-range.ts';
import { IN_MEMORY, IndexDb } from './index-db.ts';
import { LogEvents } from './log-events.ts';
import { LogFold } from './log-fold.ts';
import type { HomePaths } from './paths.ts';

const NOWHERE: FileSink = { own: () => undefined, copy: () => undefined, dropCopy: () => undefined };

/** @param upTo seq of the last event that is whole; 0 = none */
export function memoryIndex(from: {
  readonly paths: HomePaths;
  readonly upTo: number;
  readonly sha256: Sha256Hex;
  readonly blobs: Pick<HomeBlobs, 'getSync'>;
}): IndexDb {
  const { paths, upTo, sha256, blobs } = from;
  const index = new IndexDb(IN_MEMORY);
  if (upTo === 0) return index;
  const log = new LogEvents(nodeFs, paths.log);
  try {
    index.exec('BEGIN');
    const fold = new LogFold({ index, log, sink: NOWHERE, blobs, sha256, cache: new Map(), keptRuns: 0 });
    foldRange({ fold, log, from: 0, upTo, bootId: '' });
    index.exec('COMMIT');
    return index;
  } finally {
    log.close();
  }
}
