/** Ended runs of a workflow in the order of their ends, for retention: only what is due is read, and once. */
import { isoTime } from '../events/iso-time.ts';
import type { Keep } from '../events/run-events.ts';
import type { RunRow } from '../projections/run-row.ts';
import { durationMs } from '../workflow/duration.ts';
import type { IndexDb } from './index-db.ts';

export type RetentionKind = 'artifacts' | 'runs';
export type EndedRun = Pick<RunRow, 'runId' | 'version' | 'lastSeq'> & { readonly isExpired: boolean };

// In the words of the index that holds no other runs, or it is not used.
const ENDED = "workflowId = ? AND status IN ('completed', 'failed', 'cancelled')";
const FLAG = { artifacts: 'artifactsExpired', runs: 'filesExpired IS NOT NULL' } as const;
const LAST_SEQ = Number.MAX_SAFE_INTEGER;

type Wanted = {
  readonly workflowId: string;
  readonly kind: RetentionKind;
  readonly keep: Keep;
  readonly nowMs: number;
  /** Place of the last run that was dealt with. */
  readonly after: number;
  readonly limit: number;
};

/** Those whose time is over, oldest end first. */
export function dueRuns(index: IndexDb, wanted: Wanted): EndedRun[] {
  const { workflowId, kind, keep, nowMs, after, limit } = wanted;
  const through = typeof keep === 'number' ? lastBeyondNewest(index, workflowId, keep) : LAST_SEQ;
  const rows = index.all<StoredEndedRun>(endedRunsSql(kind), workflowId, after, through, limit);
  const endedBy = typeof keep === 'number' ? null : endedBefore(durationMs(keep), nowMs);
  // Ends stand in their order: the first that is too young to go is followed by none that is old enough.
  const young = endedBy === null ? -1 : rows.findIndex((row) => row.finishedAt > endedBy);
  return rows
    .slice(0, young === -1 ? rows.length : young)
    .map(({ finishedAt: _finishedAt, ...row }) => ({ ...row, isExpired: row.isExpired === 1 }));
}

type StoredEndedRun = Omit<EndedRun, 'isExpired'> & { isExpired: number; finishedAt: string };

export const endedRunsSql = (kind: RetentionKind): string =>
  `SELECT runId, version, lastSeq, finishedAt, ${FLAG[kind]} AS isExpired FROM runs
   WHERE ${ENDED} AND lastSeq > ? AND lastSeq <= ? ORDER BY lastSeq LIMIT ?`;

/** The place of the newest ended run that is not one of the `n` newest; 0 = there are not that many. */
function lastBeyondNewest(index: IndexDb, workflowId: string, n: number): number {
  const row = index.get<{ lastSeq: number }>(
    `SELECT lastSeq FROM runs WHERE ${ENDED} ORDER BY lastSeq DESC LIMIT 1 OFFSET ?`,
    workflowId,
    n,
  );
  return row?.lastSeq ?? 0;
}

/** Empty, and so before everything, where that is longer than there has been time. */
const endedBefore = (ms: number, nowMs: number): string => (ms > nowMs ? '' : isoTime(nowMs - ms));

const cursorOf = (kind: RetentionKind, workflowId: string): string => `retention.${kind}.${workflowId}`;

/** How far the ends of a workflow have been dealt with. Lost with the index: then all of them are looked at again. */
export const readCursor = (index: IndexDb, kind: RetentionKind, workflowId: string): number =>
  Number(index.meta(cursorOf(kind, workflowId)) ?? 0);

export const writeCursor = (index: IndexDb, kind: RetentionKind, workflowId: string, lastSeq: number): void =>
  index.setMeta(cursorOf(kind, workflowId), String(lastSeq));
