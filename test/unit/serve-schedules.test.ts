/**
 * Schedules under a clock that the test moves. What would break for a user: a night's backup that runs twice, or not at
 * all and nobody can say why; a flood of runs after a holiday; a summer time that moves the day.
 */
import { describe, expect, test } from 'vitest';
import { pause, unpause } from '../../src/engine/pause.ts';
import { recordFact } from '../../src/engine/record-fact.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import {
  DAY,
  HOUR,
  scheduleEvents,
  serveFor,
  simServer,
  slotsOf,
  type Told,
} from '../support/serve-simulation.ts';
import { assertInvariants, BROKEN, DONE, Simulation } from '../support/simulation.ts';

// The simulated clock begins on Friday, 2026-01-02, at 03:04:05 UTC.
const schedule = (more: object = {}) => ({
  id: 'nightly',
  cron: '30 2 * * *',
  timezone: 'UTC',
  input: { task: 'backup of {{date}}' },
  ...more,
});
const definition = (schedules: readonly object[], more: object = {}) => ({
  id: 'w',
  classify: { routes: [], fallback: { name: 'general', risk: 'low' } },
  execute: { dispatcher: 'command', command: '/bin/x', args: ['{{date}}'] },
  schedules,
  ...more,
});
/** A run that waits for a yes is live until it is answered. */
const asking = { approval: [{ at: 'execute' }] };

const at = (day: number, time = '02:30'): string => `2026-01-${String(day).padStart(2, '0')}T${time}:00.000Z`;

const simulate = (raw: object, results = [DONE]) => new Simulation({ definitions: { w: raw }, results });
/** A server process that looks every ten minutes for so long. */
const served = (sim: Simulation, ms: number, told: Told = [], everyMs?: number) =>
  sim.process(async (engine) => {
    const server = simServer(sim, engine, () => ['w'], told);
    await server.look();
    await serveFor(sim, server, ms, everyMs);
    await server.settled();
  });
/** One look of a process of its own, as a line of cron makes it. */
const lookOnce = (sim: Simulation) => served(sim, 0);

describe('a daily schedule', () => {
  test('3 days are 3 runs, each for its day, by a key of schedule and slot', async () => {
    const sim = simulate(definition([schedule()]));
    await served(sim, 3 * DAY);
    expect(slotsOf(sim)).toEqual([
      [at(3), 'run'],
      [at(4), 'run'],
      [at(5), 'run'],
    ]);
    const runs = sim.runIds().map((id) => sim.run(id));
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    expect(runs.map(({ key }) => key)).toEqual([at(3), at(4), at(5)].map((slot) => `nightly@${slot}`));
    expect(runs.map(({ input }) => input)).toEqual(
      ['03', '04', '05'].map((day) => `{"task":"backup of 2026-01-${day}"}`),
    );
    expect(runs[0]?.slot).toEqual({ scheduleId: 'nightly', time: at(3), date: '2026-01-03' });
    expect(sim.acts.map(({ effect }) => effect.argv.at(-1))).toEqual([
      '2026-01-03',
      '2026-01-04',
      '2026-01-05',
    ]);
    assertInvariants(sim);
  });

  test('a definition that is new makes up for nothing that was before a server saw it', async () => {
    const sim = simulate(definition([schedule({ catchUp: 'all' })]));
    await lookOnce(sim);
    expect(scheduleEvents(sim).map(({ type }) => type)).toEqual(['ScheduleSet']);
    expect(sim.runIds()).toEqual([]);
  });

  test('a run that failed is the answer of its slot: it is not started again by itself', async () => {
    const sim = simulate(definition([schedule()]), [BROKEN]);
    await served(sim, DAY);
    expect(sim.runIds().map((id) => sim.run(id).status)).toEqual(['failed']);
    await lookOnce(sim);
    expect(sim.acts).toHaveLength(1);
    sim.willResult([DONE]);
    const [runId = ''] = sim.runIds();
    await sim.process((ports) => resumeRun(ports, { runId, takeOver: false, withCurrentDefinition: false }));
    await lookOnce(sim);
    expect(sim.run(runId).status).toBe('completed');
    expect(sim.runIds()).toHaveLength(1);
  });
});

describe('after 8 hours asleep an hourly schedule', () => {
  const hourly = (more: object) => definition([schedule({ cron: '0 * * * *', ...more })]);
  const asleep = async (more: object) => {
    const sim = simulate(hourly(more));
    await lookOnce(sim);
    sim.sleep(8 * HOUR);
    await served(sim, HOUR / 2, [], 60_000);
    return slotsOf(sim);
  };

  test('makes up for the newest slot alone (latest, which is the default)', async () => {
    const expected = [
      [`${at(2, '04:00')}..${at(2, '10:00')} (7)`, 'superseded'],
      [at(2, '11:00'), 'run'],
    ];
    expect(await asleep({})).toEqual(expected);
    expect(await asleep({ catchUp: 'latest' })).toEqual(expected);
  });

  test('makes up for each slot once, in order (all)', async () => {
    expect(await asleep({ catchUp: 'all' })).toEqual(
      ['04', '05', '06', '07', '08', '09', '10', '11'].map((hour) => [at(2, `${hour}:00`), 'run']),
    );
  });

  test('makes up for those that are not too late (within)', async () => {
    expect(await asleep({ catchUp: 'all', within: '3h' })).toEqual([
      [`${at(2, '04:00')}..${at(2, '08:00')} (5)`, 'late'],
      [at(2, '09:00'), 'run'],
      [at(2, '10:00'), 'run'],
      [at(2, '11:00'), 'run'],
    ]);
  });

  test('makes up for none (none), but starts what is due while somebody is there', async () => {
    const sim = simulate(hourly({ catchUp: 'none' }));
    await lookOnce(sim);
    sim.sleep(8 * HOUR - 50 * 60_000);
    await served(sim, 2 * HOUR);
    expect(slotsOf(sim)).toEqual([
      [`${at(2, '04:00')}..${at(2, '10:00')} (7)`, 'late'],
      [at(2, '11:00'), 'run'],
      [at(2, '12:00'), 'run'],
    ]);
  });
});

test('a year away from a schedule of every minute is a few facts, and one run', async () => {
  const sim = simulate(definition([schedule({ cron: '* * * * *' })]));
  await lookOnce(sim);
  sim.sleep(10 * DAY);
  await served(sim, 0);
  const slots = slotsOf(sim);
  expect(slots.filter(([, what]) => what === 'run')).toHaveLength(1);
  expect(slots.length).toBeLessThan(20);
  const skipped = scheduleEvents(sim).map(({ data }) => ('count' in data ? data.count : 0));
  expect(skipped.reduce((a, b) => a + b, 0)).toBe(10 * 24 * 60 - 1);
});

describe('while the run before is not at its end', () => {
  const yes = async (sim: Simulation, runId: string) => {
    const [approval] = sim.run(runId).approvals;
    await sim.process((ports) =>
      recordFact(ports, runId, {
        type: 'Approve',
        approvalId: approval?.approvalId ?? '',
        by: 'me',
        isOwner: true,
      }),
    );
  };

  test('a slot is left out, with that reason (skip, which is the default)', async () => {
    const sim = simulate(definition([schedule({ cron: '0 */6 * * *' })], asking));
    await served(sim, 12 * HOUR);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'run'],
      [at(2, '12:00'), 'overlap'],
    ]);
    await yes(sim, sim.runIds()[0] ?? '');
    await served(sim, 4 * HOUR);
    expect(slotsOf(sim).at(-1)).toEqual([at(2, '18:00'), 'run']);
  });

  test('a slot waits for its end (queue), and runs then', async () => {
    const sim = simulate(definition([schedule({ cron: '0 */6 * * *', overlap: 'queue' })], asking));
    await served(sim, 10 * HOUR);
    expect(slotsOf(sim)).toEqual([[at(2, '06:00'), 'run']]);
    await yes(sim, sim.runIds()[0] ?? '');
    await served(sim, HOUR);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'run'],
      [at(2, '12:00'), 'run'],
    ]);
    expect(sim.run(sim.runIds()[0] ?? '').status).toBe('completed');
  });

  test('a slot that waited too long says what it waited for', async () => {
    const late = { cron: '0 6 * * *', overlap: 'queue', within: '2h', catchUp: 'all' };
    const sim = simulate(definition([schedule(late)], asking));
    await served(sim, 30 * HOUR);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'run'],
      [at(3, '06:00'), 'overlap'],
    ]);
  });
});

describe('while it is paused', () => {
  const scheduled = { cron: '0 6 * * *', within: '6h' };

  test('a slot waits, and runs when the pause ends in time', async () => {
    const sim = simulate(definition([schedule(scheduled)]));
    await lookOnce(sim);
    await sim.process((ports) => pause(ports, 'w', 'me'));
    await served(sim, 5 * HOUR);
    expect(slotsOf(sim)).toEqual([]);
    await sim.process((ports) => unpause(ports, 'w', 'me'));
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([[at(2, '06:00'), 'run']]);
  });

  test('a slot whose time is over has that reason, and the next one is on time', async () => {
    const sim = simulate(definition([schedule(scheduled)]));
    await lookOnce(sim);
    await sim.process((ports) => pause(ports, null, 'me', 'holiday'));
    await served(sim, 10 * HOUR);
    expect(slotsOf(sim)).toEqual([[at(2, '06:00'), 'paused']]);
    const [, skipped] = scheduleEvents(sim);
    expect(skipped?.data).toMatchObject({ message: expect.stringContaining('holiday') });
    await sim.process((ports) => unpause(ports, null, 'me'));
    await served(sim, DAY);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'paused'],
      [at(3, '06:00'), 'run'],
    ]);
  });
});

describe('a slot that is refused', () => {
  // No agent of that name is connected, which is found out when the run is about to begin.
  const nobody = { execute: { dispatcher: 'agent', agent: 'nobody' } };

  test('is tried again until its time is over, and then says why there was no run', async () => {
    const sim = simulate(definition([schedule({ cron: '0 6 * * *', within: '2h' })], nobody));
    const told: Told = [];
    await served(sim, 7 * HOUR, told);
    expect(sim.runIds()).toEqual([]);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'run'],
      [at(2, '06:00'), 'refused'],
    ]);
    expect(told.find((one) => one.kind === 'skipped')).toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('nobody'),
    });
    expect(told.filter(({ kind }) => kind === 'held').length).toBeGreaterThan(1);
  });

  test('makes room for a newer one where only the newest counts', async () => {
    const sim = simulate(definition([schedule({ cron: '0 */2 * * *' })], nobody));
    await served(sim, 4 * HOUR);
    expect(slotsOf(sim)).toEqual([
      [at(2, '04:00'), 'run'],
      [at(2, '04:00'), 'refused'],
      [at(2, '06:00'), 'run'],
    ]);
  });
});

test('a slot that meets a limit waits for it to free, and says so when that is too late', async () => {
  const more = { limits: { runsPerDay: 1 } };
  const sim = simulate(definition([schedule({ cron: '0 */6 * * *', within: '2h', catchUp: 'all' })], more));
  await served(sim, 24 * HOUR);
  const [first, ...rest] = slotsOf(sim);
  expect(first).toEqual([at(2, '06:00'), 'run']);
  // Promised, and given up on when its two hours were over.
  expect(rest.slice(0, 2)).toEqual([
    [at(2, '12:00'), 'run'],
    [at(2, '12:00'), 'limit'],
  ]);
  expect(sim.store.events().filter(({ type }) => type === 'RunRefused')).toEqual([]);
  expect(sim.run(sim.runIds()[0] ?? '').status).toBe('completed');
});

describe('a definition that changes', () => {
  const world = (definitions: Record<string, object>) => new Simulation({ definitions, results: [DONE] });

  test('another cron counts from when it is seen; what the old one still owed says so', async () => {
    const definitions: Record<string, object> = { w: definition([schedule({ cron: '0 6 * * *' })]) };
    const sim = world(definitions);
    await lookOnce(sim);
    sim.sleep(5 * HOUR);
    definitions.w = definition([schedule({ cron: '30 6 * * *' })]);
    await served(sim, DAY);
    expect(slotsOf(sim)).toEqual([
      [at(2, '06:00'), 'changed'],
      [at(3, '06:30'), 'run'],
    ]);
  });

  test('a schedule that is taken out and put back counts from then', async () => {
    const definitions: Record<string, object> = {
      w: definition([schedule({ cron: '0 6 * * *', catchUp: 'all' })]),
    };
    const sim = world(definitions);
    await lookOnce(sim);
    const whole = definitions.w as object;
    definitions.w = definition([]);
    await served(sim, 2 * DAY);
    definitions.w = whole;
    await served(sim, DAY);
    expect(scheduleEvents(sim).map(({ type }) => type)).toEqual([
      'ScheduleSet',
      'ScheduleEnded',
      'ScheduleSet',
      'ScheduleSlotClaimed',
    ]);
    expect(slotsOf(sim)).toEqual([[at(4, '06:00'), 'run']]);
  });

  test('a schedule of a workflow that is gone ends, so that coming back it makes up for nothing', async () => {
    const sim = simulate(definition([schedule()]));
    const told: Told = [];
    await sim.process(async (engine) => {
      let ids: readonly string[] = ['w'];
      const server = simServer(sim, engine, () => ids, told);
      await server.look();
      ids = [];
      await server.look();
      await server.look();
    });
    expect(told.map(({ kind }) => kind)).toEqual(['set', 'ended-schedule']);
  });
});

describe('summer time', () => {
  test('a time that does not exist comes right after the gap; one that exists twice comes once', async () => {
    const sim = simulate(definition([schedule({ timezone: 'Europe/Berlin' })]));
    sim.sleep(Date.UTC(2026, 2, 28, 12) - Date.UTC(2026, 0, 2, 3, 4, 5));
    await served(sim, 2 * DAY);
    // On 2026-03-29 the clock goes from 02:00 to 03:00.
    expect(slotsOf(sim).map(([slot]) => slot)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    sim.sleep(Date.UTC(2026, 9, 24, 12) - Date.UTC(2026, 2, 30, 12));
    await served(sim, 2 * DAY);
    // On 2026-10-25 it goes from 03:00 back to 02:00.
    const dates = sim.runIds().map((id) => sim.run(id).slot?.date);
    expect(dates.slice(-2)).toEqual(['2026-10-25', '2026-10-26']);
    expect(
      slotsOf(sim)
        .slice(-2)
        .map(([slot]) => slot),
    ).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  test('the day is that of the schedule, not of UTC', async () => {
    const sim = simulate(definition([schedule({ cron: '0 6 * * *', timezone: 'Pacific/Auckland' })]));
    await served(sim, DAY);
    expect(sim.run(sim.runIds()[0] ?? '').slot).toEqual({
      scheduleId: 'nightly',
      time: at(2, '17:00'),
      date: '2026-01-03',
    });
  });
});
