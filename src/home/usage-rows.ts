/**
 * What runs of a workflow use up, as far as the rows reach; no row of another workflow or another day is read.
 */
import type { IndexDb } from './index-db.ts';
import { firstSeqSince } from './run-query.ts';
import { readCheckpoint } from './stream-index.ts';

export type UsageRows = {
  /** Seq of the last event that is in them; 0 = they know nothing. */
  readonly upTo: number;
  /** Runs that are running, or wait for their own next attempt. */
  readonly atWork: readonly string[];
  /** How many were started at or after the time. */
  readonly started: number;
  /** Costs that became known, or unknown, at or after the time. Null = unknown. */
  readonly costs: readonly { readonly runId: string; readonly usd: number | null }[];
};

export const NO_USAGE: UsageRows = { upTo: 0, atWork: [], started: 0, costs: [] };

/** @param since ISO 8601: from when on starts and costs count */
export function usageRows(index: IndexDb, workflowId: string, since: string): UsageRows {
  // First: rows that are written meanwhile belong to events that the caller reads itself.
  const upTo = readCheckpoint(index)?.seq ?? 0;
  const atWork = index.all<{ runId: string }>(
    `SELECT runId FROM runs WHERE workflowId = ? AND status = 'running'
     UNION ALL SELECT runId FROM runs WHERE workflowId = ? AND status = 'waiting' AND waitingFor = 'retry'`,
    workflowId,
    workflowId,
  );
  const started = index.get<{ n: number }>(
    'SELECT count(*) AS n FROM runs WHERE workflowId = ? AND firstSeq >= ? AND firstSeq <= ? AND createdAt >= ?',
    workflowId,
    firstSeqSince(index, Date.parse(since)),
    upTo,
    since,
  );
  const costs = index.all<{ runId: string; usd: number | null }>(
    'SELECT runId, usd FROM costs WHERE workflowId = ? AND at >= ?',
    workflowId,
    since,
  );
  return { upTo, atWork: atWork.map(({ runId }) => runId), started: started?.n ?? 0, costs };
}
