/** Tells that a slot of a schedule became no run. What a person chose, or what another run makes up for, is no miss. */
import type { StoredEvent } from '../events/envelope.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import { type MissedSlot, missedText } from '../projections/notice-text.ts';
import type { EnginePorts, Told } from './ports.ts';
import { tell } from './tell.ts';

export type Missed = MissedSlot & { readonly workflowId: string };

/** Why a slot was skipped, where somebody would have wanted it to run. */
const MISSED: ReadonlySet<Skipped['reason']> = new Set<Skipped['reason']>([
  'overlap',
  'limit',
  'late',
  'refused',
]);

const CAUSE = /^missed:([^:]+):(.+)$/;
const causeOf = ({ scheduleId, slot }: MissedSlot): string => `missed:${scheduleId}:${slot}`;

type Skipped = Extract<WorkflowEvent, { type: 'ScheduleSlotSkipped' }>['data'];

/** The slot that an event says was missed; null = it says no such thing. */
export function missedSlotOf({ type, data }: StoredEvent): Missed | null {
  if (type !== 'ScheduleSlotSkipped') return null;
  const { workflowId, scheduleId, slot, count, reason, message } = data as Skipped;
  return MISSED.has(reason) ? { workflowId, scheduleId, slot, count, reason: message ?? reason } : null;
}

/** The slot that a notification is about, by its cause alone. */
export function missedSlotAgain(workflowId: string, cause: string): Missed | null {
  const [, scheduleId, slot] = CAUSE.exec(cause) ?? [];
  return scheduleId === undefined || slot === undefined
    ? null
    : { workflowId, scheduleId, slot, count: 1, reason: '' };
}

/** By the definition as its file is now: a slot has no run that could be pinned to another one. */
export async function notifyMissed(
  ports: EnginePorts,
  missed: Missed,
  nowMs: number,
): Promise<readonly Told[]> {
  const { workflowId, scheduleId, slot } = missed;
  const loaded = await ports.definitions.load(workflowId).catch(() => null);
  const rules = loaded?.definition.notify ?? [];
  if (rules.length === 0) return [];
  // Names of schedules and times are no file names; the hash is, and is the same for the same slot.
  const name = `slot.${ports.sha256(`${workflowId}\n${scheduleId}\n${slot}`).slice(0, 24)}`;
  const cause = { on: 'missed', id: causeOf(missed), since: slot, lasts: false } as const;
  return tell(
    ports,
    { name, workflowId, rules, causes: [cause], text: () => missedText(workflowId, missed) },
    nowMs,
  );
}
