/**
 * Where a server's parts meet: a promise and its time, a pause and what was missed before it, an expiry and whoever is
 * told of it, a schedule that goes and what it still owed. What would break for a user: work at an hour that was ruled
 * out, a reason that is not the true one, a server that stands still because a phone is off.
 */
import { describe, expect, test } from 'vitest';
import { recordAndContinue } from '../../src/engine/outside-commands.ts';
import { pause } from '../../src/engine/pause.ts';
import { recordFact } from '../../src/engine/record-fact.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { NewEvent } from '../../src/events/envelope.ts';
import type { OutsideCommand } from '../../src/workflow/command.ts';
import { HOUR, serveFor, simServer, slotsOf, type Told } from '../support/serve-simulation.ts';
import { DONE, Simulation } from '../support/simulation.ts';

// The simulated clock begins on Friday, 2026-01-02, at 03:04:05 UTC.
const at = (time: string): string => `2026-01-02T${time}:00.000Z`;
const schedule = (more: object = {}) => ({
  id: 'nightly',
  cron: '0 6 * * *',
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
const simulate = (raw: object) => new Simulation({ definitions: { w: raw }, results: [DONE] });
const served = (sim: Simulation, ms: number, told: Told = []) =>
  sim.process(async (engine) => {
    const server = simServer(sim, engine, () => ['w'], told);
    await server.look();
    await serveFor(sim, server, ms);
    await server.settled();
  });
const lookOnce = (sim: Simulation, told: Told = []) => served(sim, 0, told);

/** As a server does that is killed before it could keep its promise. */
async function promised(sim: Simulation, slot: string): Promise<void> {
  const stream = 'workflow/w';
  const runId = '01KDYG0000ABCDEFGHJKMNPQRS';
  const data = { workflowId: 'w', scheduleId: 'nightly', slot, runId };
  const claim: NewEvent = { type: 'ScheduleSlotClaimed', data };
  await sim.store.append(stream, await sim.store.headOf(stream), [claim], {
    commitId: '01KDYG0000ABCDEFGHJKMNPQRT',
    durable: true,
  });
}

describe('a promise that a killed server left behind', () => {
  test('is kept while its time is not over', async () => {
    const sim = simulate(definition([schedule({ within: '2h' })]));
    await lookOnce(sim);
    sim.sleep(4 * HOUR);
    await promised(sim, at('06:00'));
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([[at('06:00'), 'run']]);
    expect(sim.acts).toHaveLength(1);
  });

  test('is late when it is over: nothing runs at an hour that the definition rules out', async () => {
    const sim = simulate(definition([schedule({ within: '2h' })]));
    await lookOnce(sim);
    sim.sleep(9 * HOUR);
    await promised(sim, at('06:00'));
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([
      [at('06:00'), 'run'],
      [at('06:00'), 'late'],
    ]);
    expect(sim.acts).toEqual([]);
  });

  test('makes room for a newer slot where only the newest counts: one run for what was slept through', async () => {
    const sim = simulate(definition([schedule({ cron: '0 * * * *' })]));
    await lookOnce(sim);
    sim.sleep(HOUR);
    await promised(sim, at('04:00'));
    sim.sleep(5 * HOUR);
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([
      [at('04:00'), 'run'],
      [at('04:00'), 'superseded'],
      [`${at('05:00')}..${at('08:00')} (4)`, 'superseded'],
      [at('09:00'), 'run'],
    ]);
    expect(sim.acts).toHaveLength(1);
  });
});

describe('a pause', () => {
  test('is no reason for a slot whose time was over before it began', async () => {
    const sim = simulate(definition([schedule({ within: '2h', catchUp: 'all' })]));
    await lookOnce(sim);
    sim.sleep(7 * HOUR);
    await sim.process((ports) => pause(ports, null, 'me', 'looking into it'));
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([[at('06:00'), 'late']]);
  });

  test('is no reason for slots that a newer one had replaced before it began', async () => {
    const sim = simulate(definition([schedule({ cron: '0 * * * *' })]));
    await lookOnce(sim);
    sim.sleep(4 * HOUR);
    await sim.process((ports) => pause(ports, 'w', 'me'));
    sim.sleep(2 * HOUR);
    await lookOnce(sim);
    expect(slotsOf(sim)).toEqual([
      [`${at('04:00')}..${at('06:00')} (3)`, 'superseded'],
      [`${at('07:00')}..${at('08:00')} (2)`, 'paused'],
    ]);
  });
});

test('a schedule that is taken out says what became of the slots it still owed', async () => {
  const definitions: Record<string, object> = { w: definition([schedule({ cron: '0 * * * *' })]) };
  const sim = new Simulation({ definitions, results: [DONE] });
  await lookOnce(sim);
  sim.sleep(2 * HOUR);
  await promised(sim, at('04:00'));
  definitions.w = definition([]);
  await lookOnce(sim);
  expect(slotsOf(sim)).toEqual([
    [at('04:00'), 'run'],
    [at('04:00'), 'changed'],
    [at('05:00'), 'changed'],
  ]);
  expect(sim.store.events().at(-1)?.type).toBe('ScheduleEnded');
});

test('a slot that is held is told once, and of no run that does not exist', async () => {
  const nobody = { execute: { dispatcher: 'agent', agent: 'nobody' } };
  const sim = simulate(definition([schedule()], nobody));
  await lookOnce(sim);
  sim.sleep(3 * HOUR);
  const told: Told = [];
  await lookOnce(sim, told);
  expect(told.filter(({ kind }) => kind === 'held')).toMatchObject([{ what: 'w nightly' }]);
});

test('a run that waits for a place is tried again quietly, and goes on when there is one', async () => {
  const limits = { concurrency: 1 };
  const sim = simulate(definition([], { limits, approval: [{ at: 'execute' }] }));
  const ask = (input: string) =>
    sim.process((ports) => startRun(ports, { workflowId: 'w', input, force: false, detach: false }));
  await ask('a');
  await ask('b');
  const [first = '', second = ''] = sim.runIds();
  const approve = (runId: string): OutsideCommand => {
    const { approvalId = '' } = sim.run(runId).approvals[0] ?? {};
    return { type: 'Approve', approvalId, by: 'kim', isOwner: true };
  };
  // Yes was said, and whoever said it was killed before it could go on.
  await sim.process((ports) => recordFact(ports, second, approve(second)));
  const told: Told = [];
  let toldMeanwhile: Told = [];
  await sim.process((ports) => {
    const dispatch: typeof ports.world.dispatch = async (effect, options) => {
      await served(sim, HOUR, told);
      toldMeanwhile = [...told];
      return ports.world.dispatch(effect, options);
    };
    const engine = { ...ports, world: { ...ports.world, dispatch } };
    return recordAndContinue(engine, first, approve(first), { detach: false });
  });
  expect(toldMeanwhile).toMatchObject([{ kind: 'held', what: `run ${second}` }]);
  expect(sim.run(first).status).toBe('completed');
  told.length = 0;
  await served(sim, HOUR, told);
  expect(told.map(({ kind }) => kind)).toEqual(['continued', 'ended']);
  expect(sim.run(second).status).toBe('completed');
});

describe('while somebody is being told', () => {
  test('of an expiry, the server looks on', async () => {
    const asking = { approval: [{ at: 'execute', expiresIn: '1h' }], notify: [{ on: ['expired'] }] };
    const sim = simulate(definition([], asking));
    const input = { task: 'x' };
    await sim.process((ports) =>
      startRun(ports, { workflowId: 'w', input: JSON.stringify(input), force: false, detach: false }),
    );
    sim.sleep(2 * HOUR);
    await sim.process(async (engine) => {
      let answer: () => void = () => undefined;
      const phone = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const server = simServer(sim, { ...engine, notify: () => phone.then(() => []) }, () => ['w']);
      await server.look();
      await server.look();
      answer();
      await server.settled();
    });
    expect(sim.run(sim.runIds()[0] ?? '').status).toBe('cancelled');
  });

  test('of a hand-over, a report on it is not forgotten', async () => {
    const manual = { execute: { dispatcher: 'manual' }, notify: [{ on: ['handed-off'] }] };
    const sim = simulate(definition([schedule()], manual));
    await lookOnce(sim);
    sim.sleep(3 * HOUR);
    await sim.process(async (engine) => {
      let answer: () => void = () => undefined;
      const phone = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const server = simServer(sim, { ...engine, notify: () => phone.then(() => []) }, () => ['w']);
      await server.look();
      const [runId = ''] = sim.runIds();
      for (let turns = 0; sim.run(runId).status !== 'handed_off' && turns < 1000; turns++)
        await new Promise((resolve) => setImmediate(resolve));
      await sim.process((ports) => recordFact(ports, runId, { type: 'Report', status: 'ok', by: 'me' }));
      await server.look();
      answer();
      await server.settled();
      sim.sleep(60_000);
      await server.look();
      await server.settled();
      expect(sim.run(runId).status).toBe('completed');
    });
  });
});
