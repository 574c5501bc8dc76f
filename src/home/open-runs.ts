/** Runs that somebody may have to look after, from the index: those under way, and news of those handed over. */
import type { IndexDb } from './index-db.ts';

/** Of what was handed over before anybody looked: there may be very many, and nearly all just wait for their report. */
const HANDED_OFF = 200;

export type OpenRunRow = { readonly runId: string; readonly version: number };

/** @param seq handed-over runs without an event after it are left out; 0 = the newest of them */
export function openRunRows(
  index: IndexDb,
  seq: number,
): { readonly runs: readonly OpenRunRow[]; readonly upTo: number } {
  const upTo = index.get<{ seq: number | null }>('SELECT max(lastSeq) AS seq FROM runs')?.seq ?? 0;
  const underWay = index.all<OpenRunRow>(
    "SELECT runId, version FROM runs WHERE status IN ('running', 'waiting') ORDER BY firstSeq",
  );
  const handedOver =
    seq === 0
      ? index.all<OpenRunRow>(
          "SELECT runId, version FROM runs WHERE status = 'handed_off' ORDER BY firstSeq DESC LIMIT ?",
          HANDED_OFF,
        )
      : index
          .all<OpenRunRow & { status: string }>(
            'SELECT runId, version, status FROM runs WHERE lastSeq > ? ORDER BY lastSeq',
            seq,
          )
          .filter(({ status }) => status === 'handed_off');
  return { runs: [...underWay, ...handedOver], upTo };
}
