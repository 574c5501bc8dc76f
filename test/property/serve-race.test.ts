/**
 * Servers that race, and servers that are killed: whatever the order, every slot ends in exactly one run or in a reason,
 * no step is performed twice, and whoever comes next finishes what was left.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as cron from '../../src/home/cron.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';
import { DAY, HOUR, scheduleEvents, serveFor, simServer } from '../support/serve-simulation.ts';
import { assertInvariants, DONE, Simulation } from '../support/simulation.ts';

const definitionOf = (catchUp: string, overlap: string) => ({
  id: 'w',
  classify: { routes: [], fallback: { name: 'general', risk: 'low' } },
  execute: { dispatcher: 'command', command: '/bin/x', idempotent: true },
  schedules: [
    { id: 'early', cron: '0 6 * * *', timezone: 'UTC', input: 'a', catchUp, overlap },
    { id: 'late', cron: '0 7 * * *', timezone: 'UTC', input: 'b', catchUp, overlap },
  ],
});

/** Every slot up to the last look is settled, once; with a run where it says so, and one run for each key. */
function assertSettled(sim: Simulation): void {
  assertInvariants(sim);
  const started = scheduleEvents(sim).flatMap((event) =>
    event.type === 'ScheduleSlotClaimed' ? [event.data] : [],
  );
  const slots = scheduleEvents(sim).flatMap(({ type, data }) =>
    type === 'ScheduleSlotClaimed' || type === 'ScheduleSlotSkipped'
      ? [`${data.scheduleId}@${data.slot}`]
      : [],
  );
  expect(new Set(slots).size).toBe(slots.length);
  for (const { runId, scheduleId, slot } of started) {
    const run = sim.run(runId);
    expect(run.slot).toMatchObject({ scheduleId, time: slot });
    expect(run.status).toBe('completed');
  }
  expect(new Set(sim.runIds().map((id) => sim.run(id).key)).size).toBe(sim.runIds().length);
  // Nothing is left out: slots with a run and slots with a reason are all the slots there were.
  const counted = scheduleEvents(sim).map(({ data }) => ('count' in data ? data.count : 0));
  const accounted = started.length + counted.reduce((a, b) => a + b, 0);
  const slotsUntilNow = scheduleEvents(sim).flatMap(({ type, data }) =>
    type === 'ScheduleSet' ? cron.slotsBetween(data.cron, data.timezone, data.since, sim.now(), 1000) : [],
  );
  expect(accounted).toBe(slotsUntilNow.length);
  const confirmed = sim.store.events().filter(({ type }) => type === 'EffectConfirmed');
  expect(confirmed).toHaveLength(sim.runIds().length);
}

const days = (sim: Simulation, count: number) =>
  sim.process(async (engine) => {
    const server = simServer(sim, engine, () => ['w']);
    await server.look();
    await serveFor(sim, server, count * DAY, 6 * HOUR);
  });

describe('schedules, whatever happens to servers', () => {
  for (const catchUp of ['latest', 'all'])
    it(
      `a server killed at each of its points loses no slot and repeats none (${catchUp})`,
      async () => {
        for (let point = 1, wasKilled = true; wasKilled; point++) {
          const sim = new Simulation({ definitions: { w: definitionOf(catchUp, 'skip') }, results: [DONE] });
          await days(sim, 0);
          sim.killAt(point);
          await days(sim, 1);
          wasKilled = sim.wasKilled;
          await days(sim, 1);
          assertSettled(sim);
          if (point > 400) throw new Error('a server of so few events has fewer points');
        }
      },
      2 * propertyTimeoutMs,
    );

  it(
    'two servers settle each slot once, in whatever order they get their turns',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.constantFrom('latest', 'all'),
          fc.constantFrom('skip', 'queue'),
          fc.option(fc.integer({ min: 1, max: 60 })),
          async (scheduler, catchUp, overlap, kill) => {
            let racing = false;
            const sim = new Simulation({
              definitions: { w: definitionOf(catchUp, overlap) },
              results: [DONE],
              turn: () => (racing ? scheduler.schedule(Promise.resolve()) : Promise.resolve()),
            });
            await days(sim, 0);
            sim.sleep(30 * HOUR);
            racing = true;
            sim.killAt(kill);
            const server = () =>
              sim.process(async (engine) => {
                const one = simServer(sim, engine, () => ['w']);
                for (let n = 0; n < 3; n++) {
                  await one.look();
                  await one.settled();
                }
              });
            await scheduler.waitFor(Promise.all([server(), server()]));
            racing = false;
            await days(sim, 1);
            assertSettled(sim);
          },
        ),
        { numRuns: propertyRuns(20) },
      );
    },
    propertyTimeoutMs,
  );
});
