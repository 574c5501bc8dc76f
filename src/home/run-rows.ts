/** Rows of one run in `index.db`: its list row, its tasks and approvals, and the counts by status. */
import type { SQLInputValue } from 'node:sqlite';
import type { RunFold, RunRow } from '../projections/run-row.ts';
import { runRow } from '../projections/run-row.ts';
import type { RunState } from '../workflow/state.ts';
import { type CostRow, costRows, writeCosts } from './cost-rows.ts';
import { count } from './counters.ts';
import type { IndexDb } from './index-db.ts';
import { RUN_COLUMNS } from './index-schema.ts';

const UPSERT = `INSERT INTO runs (${RUN_COLUMNS.join(', ')}) VALUES (${RUN_COLUMNS.map(() => '?').join(', ')})
 ON CONFLICT (firstSeq) DO UPDATE SET ${RUN_COLUMNS.slice(2)
   .map((column) => `${column} = excluded.${column}`)
   .join(', ')}`;

export type RunRowBefore = Pick<RunRow, 'status' | 'lastSeq' | 'copyFile'>;

export type WrittenRun = {
  readonly row: RunRow;
  /** What stood there before. */
  readonly before: RunRowBefore | undefined;
  /** Tasks of a run whose texts were erased: their briefs go. */
  readonly oldTasks: readonly string[];
};

/** In the order of its columns. */
export type TaskRow = {
  readonly taskId: string;
  readonly runId: string;
  readonly effectId: string;
  readonly step: string;
  readonly dispatcher: string;
  readonly status: string;
  readonly since: string;
};

/** Everything that one run has in the tables, as data. */
export type RunRows = {
  readonly row: RunRow;
  readonly approvals: readonly SQLInputValue[][];
  readonly tasks: readonly TaskRow[];
  readonly costs: readonly CostRow[] | null;
  /** Whether its texts were erased. */
  readonly erased: boolean;
};

/** Of a run that another thread has folded: whether it made the files. */
export type FoldedRun = RunRows & { readonly hasFiles: boolean };

export const rowsOf = (fold: RunFold): RunRows => ({
  row: runRow(fold),
  approvals: fold.state.approvals.map((approval) => approvalRow(fold.state, approval)),
  tasks: taskRows(fold.state),
  costs: costRows(fold.state),
  erased: fold.state.erased !== null,
});

export function writeRun(index: IndexDb, { row, approvals, tasks, costs, erased }: RunRows): WrittenRun {
  const before = index.get<RunRowBefore>(
    'SELECT status, lastSeq, copyFile FROM runs WHERE firstSeq = ?',
    row.firstSeq,
  );
  if (before?.status !== row.status) {
    if (before !== undefined) count(index, `runs.${before.status}`, -1);
    count(index, `runs.${row.status}`, 1);
  }
  index.run(
    UPSERT,
    ...RUN_COLUMNS.map((column) => {
      const value = row[column];
      return typeof value === 'boolean' ? Number(value) : value;
    }),
  );
  for (const approval of approvals) index.run(UPSERT_APPROVAL, ...approval);
  for (const task of tasks) index.run(UPSERT_TASK, ...Object.values(task));
  if (costs !== null) writeCosts(index, row.runId, costs);
  return { row, before, oldTasks: erased ? forget(index, row.runId) : [] };
}

/** A fold over erased data never saw them, so they go here too. */
function forget(index: IndexDb, runId: string): readonly string[] {
  const tasks = index.all<{ taskId: string }>('SELECT taskId FROM tasks WHERE runId = ?', runId);
  index.run('DELETE FROM tasks WHERE runId = ?', runId);
  index.run('DELETE FROM approvals WHERE runId = ?', runId);
  index.run('DELETE FROM costs WHERE runId = ?', runId);
  return tasks.map(({ taskId }) => taskId);
}

const UPSERT_APPROVAL = `INSERT INTO approvals (approvalId, runId, status, risk, reasons, binding, requestedAt, expiresAt, onExpire) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (approvalId) DO UPDATE SET status = excluded.status`;

const approvalRow = (state: RunState, approval: RunState['approvals'][number]): SQLInputValue[] => [
  approval.approvalId,
  state.runId,
  // A run that ended waits for nobody: its question is no longer open.
  approval.status === 'pending' && state.waiting?.id !== approval.approvalId ? 'lapsed' : approval.status,
  approval.risk,
  JSON.stringify(approval.reasons),
  approval.binding,
  approval.requestedAt,
  approval.expiresAt ?? null,
  approval.onExpire ?? null,
];

const UPSERT_TASK = `INSERT INTO tasks (taskId, runId, effectId, step, dispatcher, status, since) VALUES (?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (taskId) DO UPDATE SET effectId = excluded.effectId, dispatcher = excluded.dispatcher,
 status = excluded.status, since = excluded.since`;

/** One row a task: the newest attempt of a step has the task's id. */
function taskRows(state: RunState): TaskRow[] {
  const newest = new Map<string, RunState['effects'][number]>();
  for (const effect of state.effects) if (effect.taskId !== undefined) newest.set(effect.taskId, effect);
  const over = state.status === 'cancelled' || state.status === 'failed' || state.status === 'completed';
  return [...newest].map(([taskId, effect]) => ({
    taskId,
    runId: state.runId,
    effectId: effect.effectId,
    step: effect.step,
    dispatcher: effect.dispatcher,
    // Nobody can report to a run that is over.
    status: effect.status === 'handed_off' && over ? 'closed' : effect.status,
    since: effect.intendedAt,
  }));
}
