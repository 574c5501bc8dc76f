/** A run in a list: as JSON (names as in `wf.run/1`) and as a row of a table. */
import type { IndexDb } from '../../home/index-db.ts';
import { shortestUniquePrefix } from '../../home/read-model.ts';
import type { RunRow } from '../../projections/run-row.ts';
import { statusText } from './status-mark.ts';
import { ago, oneLine, safe, table } from './text.ts';

const TASK_COLUMNS = 48;

export const runItem = (row: RunRow) => ({
  runId: row.runId,
  workflowId: row.workflowId,
  status: row.status,
  outcome: row.outcome,
  route: row.route,
  risk: row.risk,
  /** One line; long ones are cut. */
  task: row.task,
  idempotencyKey: row.key,
  forced: row.forced,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  finishedAt: row.finishedAt,
  durationMs: row.durationMs,
  waiting:
    row.waitingFor === null || row.waitingId === null
      ? null
      : {
          for: row.waitingFor,
          id: row.waitingId,
          ...(row.waitingUntil === null ? {} : { until: row.waitingUntil }),
        },
  error: row.error === null ? null : { stage: row.failedStage, message: row.error },
});

export const runTable = (index: IndexDb, rows: readonly RunRow[], nowMs: number): string =>
  table(
    rows.map((row) => [
      safe(shortestUniquePrefix(index, row.runId)),
      statusText(row.status, row.waitingFor),
      safe(row.workflowId),
      safe(row.route ?? '-'),
      ago(row.createdAt, nowMs),
      oneLine(row.task, TASK_COLUMNS),
    ]),
  );
