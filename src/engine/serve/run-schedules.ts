/**
 * Carries out the schedules of one workflow as they stand in its definition now: new ones begin to count, every due
 * slot is skipped with a reason or promised a run, and a promise is kept by whichever server comes by.
 */
import type { NewEvent } from '../../events/envelope.ts';
import { isoTime } from '../../events/iso-time.ts';
import type { Schedule } from '../../workflow/definition.ts';
import { decideSlots, type SlotDecision, wasInTheWay } from '../../workflow/schedule/decide-slots.ts';
import type { ScheduleState, SchedulesAt } from '../../workflow/schedule/schedule-state.ts';
import { loadState } from '../load-run.ts';
import type { LoadedDefinition } from '../ports.ts';
import { readSchedules, recordAt } from './schedule-facts.ts';
import type { ServePorts } from './serve-ports.ts';
import { type SlotStarter, whyBlocked } from './start-slot.ts';

/** Slots looked at together; of a schedule that was away for long the rest follows at once. */
const MOST_SLOTS = 1000;

export async function runSchedules(
  ports: ServePorts,
  starter: SlotStarter,
  loaded: LoadedDefinition,
): Promise<void> {
  // Every turn settles slots, or is the last; a lost race for the stream is a turn as well.
  while (await turn(ports, starter, loaded));
}

async function turn(ports: ServePorts, starter: SlotStarter, loaded: LoadedDefinition): Promise<boolean> {
  const at = await readSchedules(ports, loaded.id);
  const changes = await definitionChanges(ports, loaded.id, loaded.definition.schedules, at);
  if (changes.length > 0) {
    if (await recordAt(ports, loaded.id, at.version, changes)) tellChanges(ports, changes);
    return true;
  }
  for (const schedule of loaded.definition.schedules) {
    const state = at.schedules.get(schedule.id);
    if (state !== undefined && (await scheduleTurn(ports, starter, loaded, schedule, state, at.version)))
      return true;
  }
  return false;
}

/** Schedules that are new, that have another cron than before, and that are gone. */
async function definitionChanges(
  ports: Pick<ServePorts, 'engine' | 'cron'>,
  workflowId: string,
  wanted: readonly Schedule[],
  { schedules }: SchedulesAt,
): Promise<readonly NewEvent[]> {
  const now = isoTime(ports.engine.clock.now());
  const set = wanted.flatMap(({ id: scheduleId, cron, timezone }): NewEvent[] => {
    const before = schedules.get(scheduleId);
    if (before?.cron === cron && before.timezone === timezone) return [];
    return [
      ...(before === undefined ? [] : leftBehind(ports, workflowId, before, now)),
      { type: 'ScheduleSet', data: { workflowId, scheduleId, cron, timezone, since: now } },
    ];
  });
  const ended: NewEvent[] = [];
  for (const [scheduleId, before] of schedules) {
    if (wanted.some(({ id }) => id === scheduleId)) continue;
    ended.push(
      ...(await brokenPromise(ports, workflowId, before)),
      ...leftBehind(ports, workflowId, before, now),
      { type: 'ScheduleEnded', data: { workflowId, scheduleId } },
    );
  }
  return [...set, ...ended];
}

/** The run that a slot was promised, where nobody began it and nobody will. */
async function brokenPromise(
  { engine }: Pick<ServePorts, 'engine'>,
  workflowId: string,
  { scheduleId, last }: ScheduleState,
): Promise<readonly NewEvent[]> {
  if (last === null || (await loadState(engine, last.runId)).version > 0) return [];
  const { slot } = last;
  return [
    {
      type: 'ScheduleSlotSkipped',
      data: { workflowId, scheduleId, slot, count: 1, reason: 'changed' },
    },
  ];
}

/** Slots that the cron had before it was changed or taken out, and that nobody had settled. */
function leftBehind(
  { cron }: Pick<ServePorts, 'cron'>,
  workflowId: string,
  before: ScheduleState,
  now: string,
): readonly NewEvent[] {
  const { scheduleId } = before;
  const slots = cron.slotsBetween(before.cron, before.timezone, before.settled, now, MOST_SLOTS);
  const slot = slots.at(-1);
  if (slot === undefined) return [];
  const count = slots.length;
  const first = count === 1 ? {} : { first: slots[0] };
  return [
    {
      type: 'ScheduleSlotSkipped',
      data: { workflowId, scheduleId, slot, ...first, count, reason: 'changed' },
    },
  ];
}

function tellChanges(ports: ServePorts, changes: readonly NewEvent[]): void {
  for (const { type, data } of changes) {
    const { workflowId, scheduleId, cron, timezone, since } = data as Record<string, string>;
    if (workflowId === undefined || scheduleId === undefined) continue;
    if (type === 'ScheduleEnded') ports.tell({ kind: 'ended-schedule', workflowId, scheduleId });
    if (cron === undefined || timezone === undefined || since === undefined) continue;
    const [next = null] = ports.cron.slotsAfter(cron, timezone, since, 1);
    ports.tell({ kind: 'set', workflowId, scheduleId, next });
  }
}

/** @returns whether something was settled, or decided on an older state: then the schedule is looked at again */
async function scheduleTurn(
  ports: ServePorts,
  starter: SlotStarter,
  loaded: LoadedDefinition,
  schedule: Schedule,
  state: ScheduleState,
  version: number,
): Promise<boolean> {
  const nowMs = ports.engine.clock.now();
  const previous = state.last === null ? null : await loadState(ports.engine, state.last.runId);
  if (state.last !== null && previous?.version === 0) {
    const { slot, runId } = state.last;
    const stale = staleness(ports, schedule, state, slot);
    if (stale === null) return (await starter.keep(loaded, schedule, state.last)) === null;
    const blocked = starter.whyHeld(runId) ?? (await whyBlocked(ports, loaded, schedule));
    starter.forget(runId);
    const overMs = Date.parse(slot) + schedule.withinMs;
    const { reason, message } =
      blocked !== null && wasInTheWay(blocked, overMs) ? blocked : { reason: stale, message: undefined };
    return record(ports, loaded.id, schedule.id, version, {
      skipped: [{ slot, count: 1, reason, ...(message === undefined ? {} : { message }) }],
      start: null,
    });
  }
  const slots = ports.cron.slotsBetween(
    state.cron,
    state.timezone,
    state.settled,
    isoTime(nowMs),
    MOST_SLOTS + 1,
  );
  if (slots.length === 0) return false;
  const live = previous?.status === 'running' || previous?.status === 'waiting';
  const decision = decideSlots(schedule, {
    slots: slots.slice(0, MOST_SLOTS),
    more: slots.length > MOST_SLOTS,
    nowMs,
    live: live ? { startedAt: previous.createdAt } : null,
    blocked: live ? null : await whyBlocked(ports, loaded, schedule),
  });
  return record(ports, loaded.id, schedule.id, version, decision);
}

/**
 * Why a promise is kept no more, also one that a killed server made long ago: its time is over, or a newer slot is the
 * one that counts. Null: it is kept.
 */
function staleness(
  { engine, cron }: ServePorts,
  { withinMs, catchUp }: Schedule,
  { cron: expression, timezone, settled }: ScheduleState,
  slot: string,
): 'late' | 'superseded' | null {
  const nowMs = engine.clock.now();
  if (nowMs - Date.parse(slot) > withinMs) return 'late';
  if (catchUp !== 'latest') return null;
  return cron.slotsBetween(expression, timezone, settled, isoTime(nowMs), 1).length > 0 ? 'superseded' : null;
}

async function record(
  ports: ServePorts,
  workflowId: string,
  scheduleId: string,
  version: number,
  { skipped, start }: SlotDecision,
): Promise<boolean> {
  const events: NewEvent[] = skipped.map((one) => {
    return { type: 'ScheduleSlotSkipped', data: { workflowId, scheduleId, ...one } };
  });
  if (start !== null) {
    const runId = ports.engine.newId();
    events.push({ type: 'ScheduleSlotClaimed', data: { workflowId, scheduleId, slot: start, runId } });
  }
  if (events.length === 0) return false;
  if (await recordAt(ports, workflowId, version, events))
    for (const { slot, count, reason, message } of skipped) {
      const why = message === undefined ? {} : { message };
      ports.tell({ kind: 'skipped', workflowId, scheduleId, slot, count, reason, ...why });
    }
  return true;
}

/** The workflow has no definition any more, or one without schedules. */
export async function endSchedules(ports: ServePorts, workflowId: string): Promise<void> {
  for (;;) {
    const at = await readSchedules(ports, workflowId);
    const changes = await definitionChanges(ports, workflowId, [], at);
    if (changes.length === 0) return;
    if (await recordAt(ports, workflowId, at.version, changes)) return tellChanges(ports, changes);
  }
}
