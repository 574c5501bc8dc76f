/**
 * A filter over runs as one condition, newest first; every value is bound, never part of the text. One filter, or a
 * workflow and a status, is answered by walking an index of exactly those runs.
 */
import { encodeTime } from 'ulid';
import type { IndexDb } from './index-db.ts';
import { RUN_COLUMNS } from './index-schema.ts';

export type RunFilter = {
  readonly status?: string;
  readonly workflow?: string;
  readonly route?: string;
  /** ISO 8601: started at or after. */
  readonly since?: string;
  readonly limit: number;
};

export type RunQuery = { readonly sql: string; readonly params: readonly (string | number)[] };

export function runQuery(index: IndexDb, filter: RunFilter): RunQuery {
  const conditions: string[] = [];
  const params: (string | number)[] = [];
  const add = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add('status = ?', filter.status);
  add('workflowId = ?', filter.workflow);
  add('route = ?', filter.route);
  if (filter.since !== undefined) {
    add('firstSeq >= ?', firstSeqSince(index, Date.parse(filter.since)));
    // After a clock that was set back, runs before that time may stand behind that place.
    add('createdAt >= ?', filter.since);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT ${RUN_COLUMNS.join(', ')} FROM runs ${where} ORDER BY firstSeq DESC LIMIT ?`;
  return { sql, params: [...params, filter.limit] };
}

/** What fits into a ulid: the year 10889. */
const MAX_ULID_MS = 2 ** 48 - 1;

/** Every run that was recorded at or after the time has this firstSeq or a greater one. */
export function firstSeqSince(index: IndexDb, sinceMs: number): number {
  const time = encodeTime(Math.min(Math.max(0, sinceMs), MAX_ULID_MS));
  // The first rows' times ascend with their place, so the place is found by halving: no index has to be kept for it.
  let low = 1;
  let high = (index.get<{ seq: number | null }>('SELECT max(firstSeq) AS seq FROM runs')?.seq ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = index.get<{ firstSeq: number; logTime: string }>(
      'SELECT firstSeq, logTime FROM runs WHERE firstSeq >= ? ORDER BY firstSeq LIMIT 1',
      middle,
    );
    if (row === undefined || row.logTime >= time) high = middle;
    else low = row.firstSeq + 1;
  }
  return low;
}
