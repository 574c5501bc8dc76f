/** Why a slot of a schedule became no run: what the workflow's own stream says. */
import type { WorkflowEvent } from '../../events/workflow-events.ts';
import type { NotRun } from './key-sentences.ts';
import { say, short } from './sentence.ts';

type Skipped = Extract<WorkflowEvent, { type: 'ScheduleSlotSkipped' }>;
export type NumberedSkip = Skipped & { readonly seq: number; readonly ts: string };

const REASONS: Readonly<Record<Skipped['data']['reason'], string>> = {
  overlap: 'the run of the slot before was not at its end',
  paused: 'it was paused until it was too late',
  limit: 'a limit was reached until it was too late',
  late: 'nobody was there in time',
  superseded: 'a later slot took its place',
  changed: 'the schedule was changed before anybody started it',
  refused: 'it could not be started until it was too late',
};

export function slotNotRun({ seq, ts, data }: NumberedSkip): NotRun {
  const { workflowId, scheduleId, slot, first, count, reason, message } = data;
  const what = first === undefined ? `Slot ${slot}` : `${count} slots from ${first} to ${slot}`;
  const why = message === undefined ? '' : ` (${short(message)})`;
  const text = `${what} of schedule ${scheduleId} got no run (${reason}): ${REASONS[reason]}${why}.`;
  return { seq, ts, workflowId, key: `${scheduleId}@${slot}`, runId: null, ...say('refused', text) };
}

/** Whether the slot of that key is one of them. */
export const isAbout = ({ data }: NumberedSkip, key: string): boolean => {
  const { scheduleId, slot, first = slot } = data;
  return key >= `${scheduleId}@${first}` && key <= `${scheduleId}@${slot}`;
};
