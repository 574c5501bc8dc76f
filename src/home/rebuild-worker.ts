/** A thread of a rebuild: folds runs and makes their files, some batches ahead of the one who writes the rows. */
import { nodeFs } from '../log/file-system.ts';
import { bulkSha256 } from '../log/hash.ts';
import { asideSink } from './aside-sink.ts';
import { blobText } from './blob-text.ts';
import { openBlobs } from './blobs.ts';
import { foldRuns } from './fold-runs.ts';
import { LogEvents } from './log-events.ts';
import { homePaths } from './paths.ts';
import type { RebuildTask, ThreadMessage } from './rebuild-thread.ts';

const { workerData } = process.getBuiltinModule('node:worker_threads');

/** Batches that may wait: their rows are all that is held of them. */
const AHEAD = 8;

const { port, counters, home, aside, allowedRoots, upTo, floor, batchEvents, ino } =
  workerData as RebuildTask;
const isUnwanted = (): boolean => Atomics.load(counters, 2) !== 0;
let posted = 0;
/** Answers whether more is wanted. */
const post = (message: ThreadMessage): boolean => {
  port.postMessage(message);
  Atomics.store(counters, 0, ++posted);
  Atomics.notify(counters, 0);
  for (let taken = Atomics.load(counters, 1); posted - taken >= AHEAD; taken = Atomics.load(counters, 1)) {
    if (isUnwanted()) break;
    Atomics.wait(counters, 1, taken);
  }
  return !isUnwanted();
};

try {
  const paths = homePaths(home);
  const refused: string[] = [];
  const sink = asideSink({
    ...{ fs: nodeFs, home, allowedRoots, aside },
    onRefused: (wanted) => refused.push(wanted),
  });
  const resolve = blobText(openBlobs(paths.blobs, bulkSha256()));
  const log = new LogEvents(nodeFs, paths.log);
  if (log.ino !== ino) throw new Error('the log was replaced');
  for (const batch of foldRuns({ log, upTo, floor, batchEvents, sink, resolve }))
    if (!post({ kind: 'batch', batch, refused: refused.splice(0) })) break;
  log.close();
  post({ kind: 'done' });
} catch (error) {
  // The other side does it all by itself then, and finds out what is wrong in its own words.
  post({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
}
port.close();
