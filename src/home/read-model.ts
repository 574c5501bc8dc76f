/**
 * What commands ask about runs, keys, tools and definitions, answered from `index.db` alone: no answer's cost grows
 * with the length of the history. Rows reach as far as the last projection.
 */
import {
  ANALYSED_FEEDBACK,
  ANALYSED_RUNS,
  type AnalysisInput,
  type FeedbackEntry,
} from '../projections/analysis-input.ts';
import type { Improvement } from '../projections/feedback.ts';
import type { Claim, KeyState } from '../projections/key-state.ts';
import type { RunRow } from '../projections/run-row.ts';
import { runSignals } from '../projections/run-signals.ts';
import type { IndexDb, Rows } from './index-db.ts';
import { RUN_COLUMNS } from './index-schema.ts';
import { type RunFilter, runQuery } from './run-query.ts';

type Flags = 'forced' | 'artifactsExpired';
export type StoredRunRow = Omit<RunRow, Flags> & Readonly<Record<Flags, number>>;

const COLUMNS = RUN_COLUMNS.join(', ');
/** Shown ids are never shorter, so that they stay unique for a while. */
const MIN_PREFIX = 12;
/** Sorts after everything that begins with a prefix. */
const LAST = '\u{10FFFF}';

export const toRow = (row: StoredRunRow): RunRow => ({
  ...row,
  forced: row.forced === 1,
  artifactsExpired: row.artifactsExpired === 1,
});

export type { RunFilter };

/** Newest first. */
export function listRuns(index: IndexDb, filter: RunFilter): RunRow[] {
  const { sql, params } = runQuery(index, filter);
  return index.all<StoredRunRow>(sql, ...params).map(toRow);
}

/** Newest first, at most 20: enough to say which ones a prefix could mean. Case does not matter. */
export function runsByIdPrefix(index: IndexDb, prefix: string): RunRow[] {
  return index
    .all<StoredRunRow>(
      `SELECT ${COLUMNS} FROM runs WHERE runId >= ? AND runId < ? ORDER BY runId DESC LIMIT 20`,
      prefix,
      prefix + LAST,
    )
    .map(toRow);
}

/** The run that was started last. */
export const lastRunId = (index: IndexDb): string | null =>
  index.get<{ runId: string }>('SELECT runId FROM runs ORDER BY firstSeq DESC LIMIT 1')?.runId ?? null;

/** Runs by status; a status without runs is absent. */
export function statusCounts(index: IndexDb): ReadonlyMap<string, number> {
  const rows = index.all<{ name: string; n: number }>(
    "SELECT name, n FROM counters WHERE name LIKE 'runs.%' AND n > 0 ORDER BY name",
  );
  return new Map(rows.map((row) => [row.name.slice('runs.'.length), row.n]));
}

/** The shortest beginning of the id that no other run has, at least 12 characters. */
export function shortestUniquePrefix(index: Rows, runId: string): string {
  const below = index.get<{ id: string | null }>(
    'SELECT max(runId) AS id FROM runs WHERE runId < ?',
    runId,
  )?.id;
  const above = index.get<{ id: string | null }>(
    'SELECT min(runId) AS id FROM runs WHERE runId > ?',
    runId,
  )?.id;
  const shared = Math.max(sharedLength(runId, below ?? ''), sharedLength(runId, above ?? ''));
  return runId.slice(0, Math.max(MIN_PREFIX, shared + 1));
}

function sharedLength(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  let length = 0;
  while (length < x.length && x[length] === y[length]) length += 1;
  return length;
}

/** The key's stream as far as it is projected; version 0 = unknown. */
export function keyState(index: IndexDb, stream: string): KeyState {
  const version =
    index.get<{ version: number }>('SELECT version FROM keys WHERE stream = ?', stream)?.version ?? 0;
  const claims = index
    .all<Omit<Claim, 'forced'> & { forced: number }>(
      'SELECT runId, runVersion, inputHash, forced, version FROM claims WHERE stream = ? ORDER BY version',
      stream,
    )
    .map((claim) => ({ ...claim, forced: claim.forced === 1 }));
  return { version, claims };
}

/** Where the definition's event stands: its seq, version in `workflow/<id>` and byte offset. */
export type DefinitionPlace = { readonly seq: number; readonly version: number; readonly offset: number };

export const definitionByHash = (index: IndexDb, workflowId: string, hash: string): DefinitionPlace | null =>
  index.get<DefinitionPlace>(
    'SELECT seq, version, offset FROM definitions WHERE workflowId = ? AND hash = ?',
    workflowId,
    hash,
  ) ?? null;

/** Newest first. */
export function feedback(
  index: IndexDb,
  filter: { readonly workflowId?: string; readonly limit: number },
): (FeedbackEntry & { readonly workflowId: string; readonly by: string })[] {
  const where = filter.workflowId === undefined ? '' : 'WHERE workflowId = ?';
  const params = filter.workflowId === undefined ? [] : [filter.workflowId];
  return index
    .all<{
      feedbackId: string;
      workflowId: string;
      runId: string | null;
      score: number;
      text: string;
      by: string;
      at: string;
    }>(
      `SELECT feedbackId, workflowId, runId, score, text, "by", at FROM feedback ${where} ORDER BY seq DESC LIMIT ?`,
      ...params,
      filter.limit,
    )
    .map(({ runId, ...row }) => ({ ...row, ...(runId === null ? {} : { runId }) }));
}

/** Newest first. */
export const improvements = (index: IndexDb, workflowId: string): Improvement[] =>
  index
    .all<{ json: string }>('SELECT json FROM improvements WHERE workflowId = ? ORDER BY seq DESC', workflowId)
    .map((row) => JSON.parse(row.json) as Improvement);

/** What the improvement analysis of a workflow looks at; two bounded reads. */
export function analysisInput(index: IndexDb, workflowId: string): AnalysisInput {
  const total =
    index.get<{ n: number }>('SELECT count(*) AS n FROM feedback WHERE workflowId = ?', workflowId)?.n ?? 0;
  return {
    workflowId,
    feedbackCount: total,
    feedback: feedback(index, { workflowId, limit: ANALYSED_FEEDBACK }).map(
      ({ workflowId: _workflowId, by: _by, ...entry }) => entry,
    ),
    runs: runSignals(listRuns(index, { workflow: workflowId, limit: ANALYSED_RUNS })),
  };
}
