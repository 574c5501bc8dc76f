/** Runs in the order in which something happened to them, from `index.db` alone. */
import type { RunRow } from '../projections/run-row.ts';
import type { Rows } from './index-db.ts';
import { RUN_COLUMNS } from './index-schema.ts';
import { type StoredRunRow, toRow } from './read-model.ts';

/** Seq of the newest event of any run's work; 0 = no run. */
export const newestRunSeq = (index: Rows): number =>
  index.get<{ seq: number | null }>('SELECT max(lastSeq) AS seq FROM runs')?.seq ?? 0;

/** Runs whose newest event stands behind `after`, up to `until`. */
export const runsBetween = (index: Rows, after: number, until: number): RunRow[] =>
  index
    .all<StoredRunRow>(
      `SELECT ${RUN_COLUMNS.join(', ')} FROM runs WHERE lastSeq > ? AND lastSeq <= ? ORDER BY lastSeq`,
      after,
      until,
    )
    .map(toRow);
