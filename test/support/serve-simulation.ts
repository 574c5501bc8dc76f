/**
 * Servers over the simulated engine: the real server and the real decisions about slots, with a memory store, a clock
 * that tests move, and definitions that tests may change under it.
 */
import type { EnginePorts } from '../../src/engine/ports.ts';
import type { ServeEvent, ServePorts } from '../../src/engine/serve/serve-ports.ts';
import { Server } from '../../src/engine/serve/server.ts';
import { runStream } from '../../src/events/streams.ts';
import type { WorkflowEvent } from '../../src/events/workflow-events.ts';
import * as cron from '../../src/home/cron.ts';
import { evolveSchedules, noSchedules, type Schedules } from '../../src/workflow/schedule/schedule-state.ts';
import type { Simulation } from './simulation.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export type Told = ServeEvent[];

/** @param ids definitions that are on disk now; may be changed between looks */
export function simServer(
  sim: Simulation,
  engine: EnginePorts,
  ids: () => readonly string[],
  told: Told = [],
): Server {
  const ports: ServePorts = {
    engine,
    // As the index answers: of what was handed over only what is new.
    openRuns: (seq) => ({
      upTo: sim.store.events().length,
      runs: sim
        .runIds()
        .map((runId) => sim.run(runId))
        .filter(
          ({ runId, status }) =>
            status === 'running' ||
            status === 'waiting' ||
            (status === 'handed_off' && (sim.store.events(runStream(runId)).at(-1)?.seq ?? 0) > seq),
        ),
    }),
    scheduled: async () => {
      const all = await Promise.all(ids().map((id) => engine.definitions.load(id)));
      return {
        definitions: all.filter(({ definition }) => definition.schedules.length > 0),
        broken: new Set(),
      };
    },
    scheduledBefore: () => [...workflowsOf(sim)],
    schedulesAt: () => ({ version: 0, schedules: noSchedules }),
    cron,
    tell: (event) => told.push(event),
  };
  return new Server(ports);
}

const workflowsOf = (sim: Simulation): ReadonlySet<string> =>
  new Set(scheduleEvents(sim).map(({ data }) => data.workflowId));

type ScheduleEvent = Extract<WorkflowEvent, { type: `Schedule${string}` }>;

export const scheduleEvents = (sim: Simulation): readonly ScheduleEvent[] =>
  sim.store
    .events()
    .filter(({ type }) => type.startsWith('Schedule'))
    .map((event) => event as unknown as ScheduleEvent);

export const schedulesOf = (sim: Simulation): Schedules =>
  scheduleEvents(sim).reduce<Schedules>(evolveSchedules, noSchedules);

/** Each slot that is accounted for, with its run or the reason why it has none, in order. */
export const slotsOf = (sim: Simulation): readonly (readonly [string, string])[] =>
  scheduleEvents(sim).flatMap((event): readonly (readonly [string, string])[] => {
    if (event.type === 'ScheduleSlotClaimed') return [[event.data.slot, 'run']];
    if (event.type !== 'ScheduleSlotSkipped') return [];
    const { slot, first, reason, count } = event.data;
    return [[first === undefined ? slot : `${first}..${slot} (${count})`, reason]];
  });

/** Looks every so often until so much time has passed. */
export async function serveFor(
  sim: Simulation,
  server: Server,
  ms: number,
  everyMs = 600_000,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    sim.sleep(Math.min(everyMs, ms - passed));
    await server.look();
    await server.settled();
  }
}
