/**
 * What becomes of the slots of a schedule that are due. Every one of them ends in a run or in a reason why not, in the
 * order of the slots; at most one is started at a time, so that the next is decided with that run known.
 */
import type { Schedule } from '../definition.ts';
import type { SkipReason } from './schedule-state.ts';

export type DueSlots = {
  /** ISO 8601, oldest first: not settled, and not after now. */
  readonly slots: readonly string[];
  /** More are due after these: they are too many to be looked at together. */
  readonly more: boolean;
  readonly nowMs: number;
  /** The run of the slot before, while it is not at its end; ISO 8601. */
  readonly live: { readonly startedAt: string } | null;
  /** Why nothing of this workflow may start now. */
  readonly blocked: Blocked | null;
};

export type Blocked = {
  readonly reason: Extract<SkipReason, 'paused' | 'limit' | 'refused'>;
  readonly message: string;
  /** ISO 8601. Of a pause: what was over before it has another reason. Absent: it is not known when it began. */
  readonly since?: string;
};

export type Skipped = {
  readonly slot: string;
  /** The oldest, when they are more than one. */
  readonly first?: string;
  readonly count: number;
  readonly reason: SkipReason;
  readonly message?: string;
};

/** What is skipped comes before what is started; nothing at all: they wait. */
export type SlotDecision = { readonly skipped: readonly Skipped[]; readonly start: string | null };

export function decideSlots(schedule: Schedule, due: DueSlots): SlotDecision {
  const { blocked, live, more } = due;
  const skipped: Skipped[] = [];
  let slots = due.slots;
  if (schedule.catchUp === 'latest') {
    // Of a part of them the newest is not the newest of all.
    const older = more ? slots : slots.slice(0, -1);
    const replacedMs = (index: number): number => Date.parse(slots[index + 1] ?? older[index] ?? '');
    skipped.push(...because(older, blocked, replacedMs, 'superseded'));
    slots = slots.slice(older.length);
  }
  const overMs = (slot: string): number => Date.parse(slot) + schedule.withinMs;
  const late = slots.filter((slot) => due.nowMs > overMs(slot));
  skipped.push(
    ...because(late, blocked, (index) => overMs(late[index] ?? ''), live === null ? 'late' : 'overlap'),
  );
  slots = slots.slice(late.length);
  if (blocked !== null) return { skipped, start: null };
  if (live === null) return { skipped, start: slots[0] ?? null };
  const [oldest] = slots;
  // A run that began after the slot's time is its schedule catching up, and no reason to leave a slot out. What comes
  // after such a slot waits with it: slots are settled in order.
  const overlaps = schedule.overlap === 'skip' && oldest !== undefined && live.startedAt <= oldest;
  return { skipped: overlaps ? [...skipped, ...together(slots, 'overlap')] : skipped, start: null };
}

/** Whether it was in the way of a slot whose time was over then (ms since 1970). */
export const wasInTheWay = ({ since }: Blocked, overMs: number): boolean =>
  since === undefined || Date.parse(since) <= overMs;

/** Slots whose time was over before anything was in the way have the other reason. */
function because(
  slots: readonly string[],
  blocked: Blocked | null,
  overMs: (index: number) => number,
  otherwise: SkipReason,
): readonly Skipped[] {
  const first = slots.findIndex((_, index) => blocked !== null && wasInTheWay(blocked, overMs(index)));
  if (blocked === null || first === -1) return together(slots, otherwise);
  return [
    ...together(slots.slice(0, first), otherwise),
    ...together(slots.slice(first), blocked.reason, blocked.message),
  ];
}

/** Neighbours with one reason are one fact, however many they are. */
function together(slots: readonly string[], reason: SkipReason, message?: string): readonly Skipped[] {
  const [first] = slots;
  const slot = slots.at(-1);
  if (first === undefined || slot === undefined) return [];
  const count = slots.length;
  const range = count === 1 ? {} : { first };
  return [{ slot, ...range, count, reason, ...(message === undefined ? {} : { message }) }];
}
