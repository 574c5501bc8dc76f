/** What the newest runs of a workflow say about it, as numbers the improvement analysis can use as evidence. */
import type { RunSignals } from './analysis-input.ts';
import type { RunRow } from './run-row.ts';

type SignalRow = Pick<RunRow, 'runId' | 'status' | 'durationMs' | 'verifyFailures' | 'executeFailures'>;

/** Fewer finished runs than this have no median worth comparing with. */
const MIN_RUNS_FOR_SLOW = 5;
const MAX_EVIDENCE = 20;

/** Rows newest first. A run counts as failed in verify or execute when that happened to it at least once. */
export function runSignals(rows: readonly SignalRow[]): RunSignals {
  const finished = rows.flatMap((row) =>
    row.durationMs === null ? [] : [{ runId: row.runId, durationMs: row.durationMs }],
  );
  const failed = rows.filter((row) => row.status === 'failed');
  const limit = 2 * median(finished.map((run) => run.durationMs));
  const slow = finished.length < MIN_RUNS_FOR_SLOW ? [] : finished.filter((run) => run.durationMs > limit);
  const total = finished.reduce((sum, run) => sum + run.durationMs, 0);
  return {
    runCount: rows.length,
    finishedRuns: finished.length,
    avgDurationMs: finished.length === 0 ? null : total / finished.length,
    slowRuns: slow.length,
    failedRuns: failed.length,
    verifyFailures: rows.filter((row) => row.verifyFailures > 0).length,
    execFailures: rows.filter((row) => row.executeFailures > 0).length,
    failedRunIds: failed.slice(0, MAX_EVIDENCE).map((row) => row.runId),
    slowRunIds: slow.slice(0, MAX_EVIDENCE).map((run) => run.runId),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
