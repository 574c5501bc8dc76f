/**
 * Processes racing for one key, with the turn passing at every append, act and wait: new starts, forced ones, and the
 * resume of a failed run. Whatever the order, a key has at most one finished unforced run, and a step is performed
 * once for each run that performs it.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { assertInvariants, BROKEN, DONE, NOT_PERFORMED, Simulation } from '../support/simulation.ts';

const DEFINITIONS = {
  w: {
    id: 'w',
    classify: { routes: [], fallback: { name: 'general', risk: 'low' } },
    autoConfigure: { enabled: true, allowlist: ['t'], toolCommands: { t: { command: '/bin/t', args: [] } } },
    execute: { command: '/bin/x', retry: { maxAttempts: 2, backoff: '1s' } },
  },
};
const request = { workflowId: 'w', input: 'x', detach: false };

type Racer = 'start' | 'force' | 'resume';

async function race(
  scheduler: fc.Scheduler,
  racers: readonly Racer[],
  kill: number | null,
  livenessLies = false,
): Promise<void> {
  let racing = false;
  const simulation = new Simulation({
    definitions: DEFINITIONS,
    results: [BROKEN],
    livenessLies,
    turn: () => (racing ? scheduler.schedule(Promise.resolve()) : Promise.resolve()),
  });
  // A failed run to resume.
  await simulation.process((ports) => startRun(ports, { ...request, force: false }));
  const [failed = ''] = simulation.runIds();
  simulation.willResult([NOT_PERFORMED, DONE]);
  racing = true;
  simulation.killAt(kill);
  const all = racers.map((racer) =>
    simulation.process<unknown>((ports) =>
      racer === 'resume'
        ? resumeRun(ports, { runId: failed, takeOver: false, withCurrentDefinition: false })
        : startRun(ports, { ...request, force: racer === 'force' }),
    ),
  );
  await scheduler.waitFor(Promise.all(all));
  assertInvariants(simulation);
  racing = false;
  // Whoever comes next finds an answer, whatever was left lying about.
  await simulation.process((ports) => startRun(ports, { ...request, force: false }));
  assertInvariants(simulation);
  const done = simulation.acts.filter((act) => act.result === DONE);
  const doers = new Set(done.map((act) => act.effect.runId));
  if (done.length !== doers.size) throw new Error('a run performed its step twice');
  if (livenessLies || kill !== null) return;
  const finished = simulation.runIds().filter((id) => simulation.run(id).status === 'completed');
  if (finished.length === 0) throw new Error('nobody finished the work');
  const bootstraps = simulation.bootstraps.length;
  if (bootstraps !== 1) throw new Error(`the tool was bootstrapped ${bootstraps} times`);
}

describe('one key, many processes', () => {
  it('runs the work once, in whatever order the processes get their turns', async () => {
    const racers = fc.array(fc.constantFrom<Racer>('start', 'start', 'resume', 'force'), {
      minLength: 2,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), racers, (scheduler, list) => race(scheduler, list, null)),
      { numRuns: 300 },
    );
  }, 60_000);

  it('runs the work once even when one of them is killed on the way', async () => {
    const racers = fc.array(fc.constantFrom<Racer>('start', 'resume'), { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), racers, fc.integer({ min: 1, max: 20 }), (scheduler, list, kill) =>
        race(scheduler, list, kill),
      ),
      {
        numRuns: 300,
      },
    );
  }, 60_000);

  it('performs nothing twice even when every living process is taken for dead', async () => {
    const racers = fc.array(fc.constantFrom<Racer>('start', 'start', 'resume'), {
      minLength: 2,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), racers, (scheduler, list) => race(scheduler, list, null, true)),
      { numRuns: 300 },
    );
  }, 60_000);
});
