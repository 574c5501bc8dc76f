/** The runs around an improvement, for a judgement of it. Two bounded walks, however long the history. */
import type { EndedRun } from '../workflow/improve/effect.ts';
import type { IndexDb } from './index-db.ts';

/** Looked at on either side: runs under way or cancelled are among them. */
const LOOKED_AT = 200;

export type EffectRows = {
  /** Of the improvement's intent. */
  readonly seq: number;
  /** Ended runs of its workflow on both sides of it. */
  readonly runs: readonly EndedRun[];
  /** Where in the workflow's stream the definitions stand that they are pinned to: hash → version. */
  readonly definitions: ReadonlyMap<string, number>;
};

/** Null for an unknown improvement. */
export function effectRows(index: IndexDb, improvementId: string): EffectRows | null {
  const applied = index.get<{ seq: number; workflowId: string }>(
    'SELECT seq, workflowId FROM improvements WHERE improvementId = ?',
    improvementId,
  );
  if (applied === undefined) return null;
  const { seq, workflowId } = applied;
  const rows = [...side(index, workflowId, '<', 'DESC', seq), ...side(index, workflowId, '>', 'ASC', seq)];
  const scores = scoresOf(index, workflowId, rows);
  return {
    seq,
    runs: rows.map((row) => ({ ...row, score: scores.get(row.runId) ?? null })),
    definitions: versionsOf(index, workflowId, rows),
  };
}

type Row = Omit<EndedRun, 'score'>;

const side = (index: IndexDb, workflowId: string, than: '<' | '>', order: string, seq: number): Row[] =>
  index.all<Row>(
    `SELECT runId, firstSeq, createdAt, definitionHash, status, durationMs FROM (
       SELECT * FROM runs WHERE workflowId = ? AND firstSeq ${than} ? ORDER BY firstSeq ${order} LIMIT ${LOOKED_AT})
     WHERE status IN ('completed', 'failed')`,
    workflowId,
    seq,
  );

/** The mean for each run that somebody rated. */
function scoresOf(index: IndexDb, workflowId: string, rows: readonly Row[]): ReadonlyMap<string, number> {
  const found = index.all<{ runId: string; score: number }>(
    `SELECT runId, avg(score) AS score FROM feedback
     WHERE workflowId = ? AND runId IN (SELECT value FROM json_each(?)) GROUP BY runId`,
    workflowId,
    JSON.stringify(rows.map(({ runId }) => runId)),
  );
  return new Map(found.map(({ runId, score }) => [runId, score]));
}

function versionsOf(index: IndexDb, workflowId: string, rows: readonly Row[]): ReadonlyMap<string, number> {
  const found = index.all<{ hash: string; version: number }>(
    'SELECT hash, version FROM definitions WHERE workflowId = ? AND hash IN (SELECT value FROM json_each(?))',
    workflowId,
    JSON.stringify([...new Set(rows.map(({ definitionHash }) => definitionHash))]),
  );
  return new Map(found.map(({ hash, version }) => [hash, version]));
}
