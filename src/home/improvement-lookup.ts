/** Improvements by what a person types of them. Answered from `index.db` alone. */
import type { Improvement } from '../projections/feedback.ts';
import type { IndexDb } from './index-db.ts';

/** Sorts after everything that begins with a prefix. */
const LAST = '\u{10FFFF}';

const parse = ({ json }: { readonly json: string }): Improvement => JSON.parse(json) as Improvement;

/** Whose id begins so, newest first, at most 20. Ids are made of capitals; case does not matter. */
export const improvementsByPrefix = (index: IndexDb, prefix: string): Improvement[] => {
  const from = prefix.toUpperCase();
  return index
    .all<{ json: string }>(
      'SELECT json FROM improvements WHERE improvementId >= ? AND improvementId < ? ORDER BY improvementId DESC LIMIT 20',
      from,
      from + LAST,
    )
    .map(parse);
};

/** Workflows that were ever improved, by name. */
export const improvedWorkflows = (index: IndexDb): string[] =>
  index
    .all<{ workflowId: string }>('SELECT DISTINCT workflowId FROM improvements ORDER BY workflowId')
    .map(({ workflowId }) => workflowId);

/** The newest improvement that is in force; one that takes another back is none of these. */
export const newestInForce = (index: IndexDb, workflowId?: string): Improvement | null => {
  const where = workflowId === undefined ? '' : 'AND workflowId = ?';
  const row = index.get<{ json: string }>(
    `SELECT json FROM improvements
     WHERE json_extract(json, '$.status') = 'applied' AND json_extract(json, '$.reverts') IS NULL ${where}
     ORDER BY seq DESC LIMIT 1`,
    ...(workflowId === undefined ? [] : [workflowId]),
  );
  return row === undefined ? null : parse(row);
};
