/** Rows of what stands until somebody changes it: what is paused, and how far schedules have come. */
import type { SystemEvent } from '../events/system-events.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import { evolvePause, type Pause } from '../projections/pause-state.ts';
import { evolveSchedules, type ScheduleState, type Schedules } from '../workflow/schedule/schedule-state.ts';
import type { IndexDb } from './index-db.ts';
import { pauseRow } from './pause-row.ts';

type Stored<E> = E & { readonly ts: string; readonly stream: string };

export function writePauseEvent(index: IndexDb, event: Stored<SystemEvent | WorkflowEvent>): void {
  // Paused or Unpaused: of most events no row is read.
  if (!event.type.endsWith('aused')) return;
  const before = pauseRow(index, event.stream);
  const after = evolvePause(before, event);
  if (after === null) index.run('DELETE FROM pauses WHERE stream = ?', event.stream);
  else if (before === null)
    index.run('INSERT INTO pauses (stream, json) VALUES (?, ?)', event.stream, JSON.stringify(after));
}

/** The home's own first, then by workflow. */
export const pauseRows = (index: IndexDb): readonly Pause[] =>
  index
    .all<{ json: string }>('SELECT json FROM pauses ORDER BY stream')
    .map(({ json }) => JSON.parse(json) as Pause);

export function writeScheduleEvent(index: IndexDb, event: Stored<WorkflowEvent>): void {
  if (!event.type.startsWith('Schedule')) return;
  const { workflowId } = event.data;
  const after = evolveSchedules(scheduleRow(index, workflowId), event);
  if (after.size === 0) index.run('DELETE FROM schedules WHERE workflowId = ?', workflowId);
  else
    index.run(
      `INSERT INTO schedules (workflowId, json) VALUES (?, ?)
       ON CONFLICT (workflowId) DO UPDATE SET json = excluded.json`,
      workflowId,
      JSON.stringify([...after.values()]),
    );
}

/** As far as the index reaches. */
export const scheduleRow = (index: IndexDb, workflowId: string): Schedules => {
  const row = index.get<{ json: string }>('SELECT json FROM schedules WHERE workflowId = ?', workflowId);
  const states = row === undefined ? [] : (JSON.parse(row.json) as ScheduleState[]);
  return new Map(states.map((state) => [state.scheduleId, state]));
};

/** Workflows with schedules that some server has seen. */
export const scheduledWorkflows = (index: IndexDb): readonly string[] =>
  index
    .all<{ workflowId: string }>('SELECT workflowId FROM schedules ORDER BY workflowId')
    .map(({ workflowId }) => workflowId);
