/** Finds the streams of a key by what a person has of it: the key, or the beginning of a long one. */
import type { IndexDb } from './index-db.ts';

export type KeyRow = { readonly stream: string; readonly workflowId: string; readonly key: string };

/** Shorter beginnings mean too many keys. */
const MIN_PREFIX = 8;
const MOST = 20;

/** The key itself, in every workflow that has it; else those that begin so, at most 20. Reads the table of keys. */
export function keysNamed(index: IndexDb, text: string, workflowId?: string): readonly KeyRow[] {
  const inWorkflow = workflowId === undefined ? '' : ' AND workflowId = ?';
  const more = workflowId === undefined ? [] : [workflowId];
  const select = (condition: string, ...params: (string | number)[]): KeyRow[] =>
    index.all<KeyRow>(
      `SELECT stream, workflowId, key FROM keys WHERE ${condition}${inWorkflow} ORDER BY workflowId, key LIMIT ${MOST}`,
      ...params,
      ...more,
    );
  const exact = select('key = ?', text);
  if (exact.length > 0 || text.length < MIN_PREFIX) return exact;
  return select('substr(key, 1, ?) = ?', text.length, text);
}
