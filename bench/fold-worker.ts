/**
 * A thread of the fold bench: checks the chain of a range and folds the runs that begin in it. What belongs to a run of
 * an earlier range is handed back as it is, and so are the runs that have not ended, for the next range to go on with.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { StoredRunEvent } from '../src/events/run-events.ts';
import { runIdOf } from '../src/events/streams.ts';
import { nodeFs } from '../src/log/file-system.ts';
import { bulkSha256 } from '../src/log/hash.ts';
import { type LogRange, type RangeProof, RangeProver } from '../src/log/range-proof.ts';
import { evolveRunFold, noRunFold, type RunFold, runRow } from '../src/projections/run-row.ts';

export type FoldedRange = {
  readonly proof: RangeProof;
  /** Runs that came to their end, by status; their rows were made as a rebuild makes them. */
  readonly ended: Readonly<Record<string, number>>;
  readonly open: readonly (readonly [string, RunFold])[];
  readonly earlier: readonly (readonly [string, StoredRunEvent])[];
};

const { fd } = workerData as { readonly fd: number };
let ended: Record<string, number> = {};
let open = new Map<string, RunFold>();
let earlier: (readonly [string, StoredRunEvent])[] = [];

export const isOver = (fold: RunFold): boolean =>
  fold.state.status === 'completed' || fold.state.status === 'failed' || fold.state.status === 'cancelled';

const prover = new RangeProver(bulkSha256(), (event) => {
  const runId = runIdOf(event.stream);
  if (runId === undefined) return;
  const before = event.streamVersion === 1 ? noRunFold : open.get(runId);
  if (before === undefined) {
    earlier.push([runId, event as unknown as StoredRunEvent]);
    return;
  }
  const fold = evolveRunFold(before, event as typeof event & StoredRunEvent);
  if (!isOver(fold)) {
    open.set(runId, fold);
    return;
  }
  open.delete(runId);
  const { status } = runRow(fold);
  ended[status] = (ended[status] ?? 0) + 1;
});

parentPort?.on('message', (range: LogRange) => {
  ended = {};
  open = new Map();
  earlier = [];
  const proof = prover.prove(nodeFs, fd, range);
  parentPort?.postMessage({ proof, ended, open: [...open], earlier } satisfies FoldedRange);
});
