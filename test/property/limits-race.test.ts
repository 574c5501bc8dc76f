/**
 * Processes racing for the places of a workflow with limits, with the turn passing at every append, act and wait. At no
 * moment of the log are more runs at work than may be, and no day has more runs than it may have, whoever is killed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordAndContinue } from '../../src/engine/outside-commands.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { runIdOf } from '../../src/events/streams.ts';
import { evolve, type FoldableEvent } from '../../src/workflow/evolve.ts';
import { noRun, type RunState } from '../../src/workflow/state.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';
import { assertInvariants, BROKEN, DONE, Simulation } from '../support/simulation.ts';

const definition = (limits: object) => ({
  id: 'w',
  classify: {
    routes: [{ name: 'asked', match: ['ask'], risk: 'high' }],
    highRiskWords: [],
    fallback: { name: 'g', risk: 'low' },
  },
  execute: {
    steps: [
      { id: 'one', command: '/bin/x' },
      { id: 'two', command: '/bin/y' },
    ],
  },
  limits,
});

type Racer = 'new' | 'same' | 'asked' | 'approve' | 'resume';

/** How many runs were at work at the same time at most, and how many were started. */
function most(simulation: Simulation): { readonly atWork: number; readonly started: number } {
  const runs = new Map<string, RunState>();
  let atWork = 0;
  let started = 0;
  for (const event of simulation.store.events()) {
    const runId = runIdOf(event.stream);
    if (runId === undefined) continue;
    if (event.type === 'RunStarted') started += 1;
    runs.set(runId, evolve(runs.get(runId) ?? noRun, event as unknown as FoldableEvent));
    atWork = Math.max(atWork, [...runs.values()].filter(({ lease }) => lease !== null).length);
  }
  return { atWork, started };
}

async function race(
  scheduler: fc.Scheduler,
  limits: { readonly concurrency?: number; readonly runsPerDay?: number },
  racers: readonly Racer[],
  kill: number | null,
): Promise<void> {
  let racing = false;
  const simulation = new Simulation({
    definitions: { w: definition(limits) },
    results: [BROKEN, DONE],
    turn: () => (racing ? scheduler.schedule(Promise.resolve()) : Promise.resolve()),
  });
  const ask = (input: string) =>
    simulation.process((ports) => startRun(ports, { workflowId: 'w', input, force: false, detach: false }));
  // One failed run to resume, one that waits for a yes.
  await ask('first');
  await ask('ask first');
  const [failed = '', waiting = ''] = simulation.runIds();
  racing = true;
  simulation.killAt(kill);
  const act: Readonly<Record<Racer, (i: number) => Promise<unknown>>> = {
    new: (i) => ask(`new ${i}`),
    same: () => ask('the same'),
    asked: (i) => ask(`ask ${i}`),
    approve: () =>
      simulation.process<unknown>((ports) =>
        recordAndContinue(
          ports,
          waiting,
          { type: 'Approve', approvalId: `A-${waiting}`, by: 'me', isOwner: true },
          { detach: false },
        ),
      ),
    resume: () =>
      simulation.process<unknown>((ports) =>
        resumeRun(ports, { runId: failed, takeOver: false, withCurrentDefinition: false }),
      ),
  };
  const all = racers.map((racer, i) => act[racer](i));
  await scheduler.waitFor(Promise.all(all));
  racing = false;
  assertInvariants(simulation);
  const { atWork, started } = most(simulation);
  expect(atWork).toBeLessThanOrEqual(limits.concurrency ?? Number.POSITIVE_INFINITY);
  expect(started).toBeLessThanOrEqual(limits.runsPerDay ?? Number.POSITIVE_INFINITY);
  if (kill !== null) return;
  // Nobody is at work any more, so nothing holds a place that it does not need.
  const places = simulation.store.events().filter(({ type }) => type === 'RunAdmitted').length;
  expect(places).toBeGreaterThan(0);
  if (limits.runsPerDay !== undefined) return;
  expect(await ask('last')).toMatchObject({ kind: 'ended' });
}

const racers = fc.array(fc.constantFrom<Racer>('new', 'new', 'same', 'asked', 'approve', 'resume'), {
  minLength: 2,
  maxLength: 5,
});

describe('limits, many processes', () => {
  it(
    'no more runs are at work than may be, in whatever order the processes get their turns',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.constantFrom(1, 2), racers, (scheduler, concurrency, list) =>
          race(scheduler, { concurrency }, list, null),
        ),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );

  it(
    'nor when one of them is killed on the way',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), racers, fc.integer({ min: 1, max: 25 }), (scheduler, list, kill) =>
          race(scheduler, { concurrency: 1 }, list, kill),
        ),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );

  it(
    'no more runs are started on a day than may be',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.constantFrom(2, 3), racers, (scheduler, runsPerDay, list) =>
          race(scheduler, { runsPerDay }, list, null),
        ),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );
});
