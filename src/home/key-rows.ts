/**
 * Rows of idempotency keys: their claims, and which finished run answers for each. The latter is computed from the
 * rows as they are, never from what happened on the way, so that any order of catching up gives the same map.
 */
import type { KeyEvent } from '../events/key-events.ts';
import { INDEX_JSON_JOINT, INDEX_JSON_LIMIT, indexJson } from '../projections/index-json.ts';
import { claimOf } from '../projections/key-state.ts';
import { count } from './counters.ts';
import type { IndexDb } from './index-db.ts';

type StoredKeyEvent = KeyEvent & { readonly stream: string; readonly streamVersion: number };

export function writeKeyEvent(index: IndexDb, event: StoredKeyEvent): void {
  const { stream, streamVersion: version } = event;
  const { workflowId, key } = event.data;
  if (version === 1) {
    index.run(
      'INSERT INTO keys (stream, version, workflowId, key, label) VALUES (?, 1, ?, ?, ?)',
      stream,
      workflowId,
      key,
      freeLabel(index, workflowId, key),
    );
  } else {
    index.run('UPDATE keys SET version = ? WHERE stream = ?', version, stream);
  }
  const claim = claimOf(event);
  if (claim === null) return;
  index.run(
    'INSERT INTO claims (stream, version, runId, runVersion, inputHash, forced) VALUES (?, ?, ?, ?, ?, ?)',
    stream,
    claim.version,
    claim.runId,
    claim.runVersion,
    claim.inputHash,
    Number(claim.forced),
  );
}

/** The key itself; for the second workflow that uses it `<workflowId>:<key>`. Decided once, at its first event. */
function freeLabel(index: IndexDb, workflowId: string, key: string): string {
  let label = key;
  while (index.get('SELECT 1 FROM keys WHERE label = ?', label) !== undefined)
    label = `${workflowId}:${label}`;
  return label;
}

type Answer = { seq: number; runId: string; label: string; workflowId: string; key: string };

/** What became of one entry of the map: null = none. */
export type AnswerChange = {
  /** Completing seq of the run that answered before. */
  readonly gone: number | null;
  readonly came: Pick<Answer, 'seq' | 'label' | 'runId'> | null;
};

/** Brings the key's entry up to date; null when it is. The newest claim whose run is finished answers. */
export function answerKey(index: IndexDb, stream: string): AnswerChange | null {
  const now = index.get<Answer>(
    `SELECT r.finishedSeq AS seq, r.runId, k.label, k.workflowId, k.key
     FROM claims c JOIN runs r ON r.runId = c.runId JOIN keys k ON k.stream = c.stream
     WHERE c.stream = ? AND r.status IN ('completed', 'handed_off') ORDER BY c.version DESC LIMIT 1`,
    stream,
  );
  const before = index.get<{ seq: number }>('SELECT seq FROM idempotency WHERE stream = ?', stream);
  if (now?.seq === before?.seq) return null;
  if (before !== undefined) index.run('DELETE FROM idempotency WHERE stream = ?', stream);
  if (now !== undefined) {
    index.run(
      'INSERT INTO idempotency (seq, label, runId, workflowId, key, stream) VALUES (?, ?, ?, ?, ?, ?)',
      now.seq,
      now.label,
      now.runId,
      now.workflowId,
      now.key,
      stream,
    );
  }
  const change = (now === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
  if (change !== 0) count(index, 'keys.finished', change);
  return { gone: before?.seq ?? null, came: now ?? null };
}

/**
 * One statement over the newest rows, whatever the map's size: the table is clustered by the completing seq. First
 * where they begin, then forwards: rows that come in order are sorted in a third of the time.
 */
export function indexJsonBytes(index: IndexDb): string {
  const row = index.get<{ pairs: string | null; asOf: number | null; total: number | null }>(
    `SELECT group_concat(json_quote(label) || ': ' || json_quote(runId), ? ORDER BY seq) AS pairs, max(seq) AS asOf,
       (SELECT n FROM counters WHERE name = 'keys.finished') AS total
     FROM idempotency
     WHERE seq >= ifnull((SELECT seq FROM idempotency ORDER BY seq DESC LIMIT 1 OFFSET ?), 0)`,
    INDEX_JSON_JOINT,
    INDEX_JSON_LIMIT - 1,
  );
  return indexJson({ pairs: row?.pairs ?? '', asOf: row?.asOf ?? 0, total: row?.total ?? 0 });
}
