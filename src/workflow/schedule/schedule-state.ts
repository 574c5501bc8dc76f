/**
 * What became of the slots of a workflow's schedules: the fold of `workflow/<id>`. Slots are gone through in order, so
 * one time a schedule says how far it has come; nothing grows with the number of slots.
 */
import type { WorkflowEvent } from '../../events/workflow-events.ts';

export type SkipReason = Extract<WorkflowEvent, { type: 'ScheduleSlotSkipped' }>['data']['reason'];

export type ScheduleState = {
  readonly scheduleId: string;
  readonly cron: string;
  readonly timezone: string;
  /** ISO 8601. Slots up to here are settled: they became a run, were skipped, or never counted. */
  readonly settled: string;
  /** The newest slot that was given a run. */
  readonly last: { readonly slot: string; readonly runId: string } | null;
  /** The newest slot that became none. */
  readonly skipped: { readonly slot: string; readonly reason: SkipReason; readonly message?: string } | null;
};

/** By schedule id. */
export type Schedules = ReadonlyMap<string, ScheduleState>;

export const noSchedules: Schedules = new Map();

/** An event of a schedule that was never set changes nothing. */
export function evolveSchedules(schedules: Schedules, event: WorkflowEvent): Schedules {
  switch (event.type) {
    case 'ScheduleSet': {
      const { scheduleId, cron, timezone, since } = event.data;
      const before = schedules.get(scheduleId);
      // What ran before stays known: whether it still runs decides about the next slot.
      const { last = null, skipped = null } = before ?? {};
      return withSchedule(schedules, { scheduleId, cron, timezone, settled: since, last, skipped });
    }
    case 'ScheduleEnded': {
      const rest = new Map(schedules);
      rest.delete(event.data.scheduleId);
      return rest;
    }
    case 'ScheduleSlotClaimed': {
      const { scheduleId, slot, runId } = event.data;
      const before = schedules.get(scheduleId);
      if (before === undefined) return schedules;
      return withSchedule(schedules, { ...before, settled: later(before, slot), last: { slot, runId } });
    }
    case 'ScheduleSlotSkipped': {
      const { scheduleId, slot, reason, message } = event.data;
      const before = schedules.get(scheduleId);
      if (before === undefined) return schedules;
      const skipped = { slot, reason, ...(message === undefined ? {} : { message }) };
      // A promise that could not be kept is none.
      const last = before.last?.slot === slot ? null : before.last;
      return withSchedule(schedules, { ...before, settled: later(before, slot), last, skipped });
    }
    default:
      return schedules;
  }
}

const later = ({ settled }: ScheduleState, slot: string): string => (slot > settled ? slot : settled);

const withSchedule = (schedules: Schedules, state: ScheduleState): Schedules =>
  new Map([...schedules, [state.scheduleId, state]]);

/** The schedules of a workflow, and the version of its stream that they were read at. */
export type SchedulesAt = { readonly version: number; readonly schedules: Schedules };
