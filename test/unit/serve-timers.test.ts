/**
 * A machine that slept for eight hours, with one of each timer running: a retry whose process is gone, a question with
 * an end, a slot of a schedule. What would break for a user: an act that is tried twice, a question that expires for
 * each server, or a timer that the sleep has swallowed.
 */
import { expect, test } from 'vitest';
import { startRun } from '../../src/engine/start-run.ts';
import { HOUR, serveFor, simServer, slotsOf } from '../support/serve-simulation.ts';
import { assertInvariants, DONE, NOT_PERFORMED, Simulation } from '../support/simulation.ts';

const CALM = { classify: { routes: [], fallback: { name: 'general', risk: 'low' } } };
const command = { dispatcher: 'command', command: '/bin/x' };
const DEFINITIONS = {
  again: { id: 'again', ...CALM, execute: { ...command, retry: { maxAttempts: 3, backoff: '1h' } } },
  ask: { id: 'ask', ...CALM, execute: command, approval: [{ at: 'execute', expiresIn: '2h' }] },
  daily: {
    ...{ id: 'daily', ...CALM, execute: command },
    schedules: [{ id: 'five', cron: '0 5 * * *', timezone: 'UTC', input: 'x' }],
  },
};
const IDS = Object.keys(DEFINITIONS);
const start = (sim: Simulation, workflowId: string) =>
  sim.process((ports) => startRun(ports, { workflowId, input: 'x', force: false, detach: false }));

/** A run that waits for its second attempt, and whose process was killed there. */
async function waitingForRetry(): Promise<Simulation> {
  for (let point = 1; point < 60; point++) {
    const sim = new Simulation({ definitions: DEFINITIONS, results: [NOT_PERFORMED] });
    // A schedule counts from when a server first sees it.
    await look(sim);
    sim.killAt(point);
    await start(sim, 'again');
    const [runId] = sim.runIds();
    if (runId !== undefined && sim.wasKilled && sim.run(runId).waiting?.for === 'retry') return sim;
  }
  throw new Error('it never waited');
}
const look = (sim: Simulation, ms = 0) =>
  sim.process(async (engine) => {
    const server = simServer(sim, engine, () => IDS);
    await server.look();
    await server.settled();
    await serveFor(sim, server, ms);
  });
const times = (sim: Simulation, type: string): number =>
  sim.store.events().filter((event) => event.type === type).length;

test.each([1, 2])('each timer that came due meanwhile goes off once, by %i server(s)', async (servers) => {
  const sim = await waitingForRetry();
  await start(sim, 'ask');
  expect({ acts: sim.acts.length, expired: times(sim, 'ApprovalExpired'), slots: slotsOf(sim) }).toEqual({
    acts: 1,
    expired: 0,
    slots: [],
  });

  sim.willResult([DONE]);
  sim.sleep(8 * HOUR);
  await Promise.all(Array.from({ length: servers }, () => look(sim, HOUR / 2)));
  const [again = '', ask = '', slot = ''] = sim.runIds();
  expect([again, ask, slot].map((id) => sim.run(id).status)).toEqual(['completed', 'cancelled', 'completed']);
  expect(sim.acts).toHaveLength(3);
  expect(sim.run(again).effects.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 'not_performed'],
    [2, 'done'],
  ]);
  expect(times(sim, 'ApprovalExpired')).toBe(1);
  expect(slotsOf(sim)).toEqual([['2026-01-02T05:00:00.000Z', 'run']]);
  expect(sim.runIds()).toHaveLength(3);
  assertInvariants(sim);
});
