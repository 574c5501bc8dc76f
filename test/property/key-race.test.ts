/**
 * Processes racing for one key, with the turn passing at every append, act and wait: new starts, forced ones, and the
 * resume of a failed run. Whatever the order, a key has at most one finished unforced run, and a step is performed
 * once for each run that performs it.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cancelRun } from '../../src/engine/outside-commands.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';
import {
  assertInvariants,
  BROKEN,
  DONE,
  NOT_PERFORMED,
  Simulation,
  type SimulationOptions,
} from '../support/simulation.ts';

const DEFINITIONS = {
  w: {
    id: 'w',
    classify: { routes: [], fallback: { name: 'general', risk: 'low' } },
    autoConfigure: { enabled: true, allowlist: ['t'], toolCommands: { t: { command: '/bin/t', args: [] } } },
    execute: {
      steps: [
        { id: 'one', dispatcher: 'command', command: '/bin/x', retry: { maxAttempts: 2, backoff: '1s' } },
        { id: 'two', dispatcher: 'command', command: '/bin/y' },
      ],
    },
  },
};
const request = { workflowId: 'w', input: 'x', detach: false };

type Racer = 'start' | 'force' | 'resume' | 'cancel';

async function race(
  scheduler: fc.Scheduler,
  racers: readonly Racer[],
  kill: number | null,
  world: Pick<SimulationOptions, 'livenessLies' | 'lookup'> = {},
): Promise<void> {
  let racing = false;
  const simulation = new Simulation({
    definitions: DEFINITIONS,
    results: [BROKEN],
    ...world,
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
      racer === 'cancel'
        ? cancelRun(ports, failed, 'user')
        : racer === 'resume'
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
  const steps = new Set(done.map(({ effect }) => `${effect.runId} ${effect.step}`));
  if (done.length !== steps.size) throw new Error('a run performed a step twice');
  if (world.livenessLies === true || racers.includes('cancel') || kill !== null) return;
  const finished = simulation.runIds().filter((id) => simulation.run(id).status === 'completed');
  if (finished.length === 0) throw new Error('nobody finished the work');
  const bootstraps = simulation.bootstraps.length;
  if (bootstraps !== 1) throw new Error(`the tool was bootstrapped ${bootstraps} times`);
}

describe('one key, many processes', () => {
  it(
    'runs the work once, in whatever order the processes get their turns',
    async () => {
      const racers = fc.array(fc.constantFrom<Racer>('start', 'start', 'resume', 'force'), {
        minLength: 2,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), racers, (scheduler, list) => race(scheduler, list, null)),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );

  it(
    'runs the work once even when one of them is killed on the way',
    async () => {
      const racers = fc.array(fc.constantFrom<Racer>('start', 'resume'), { minLength: 2, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), racers, fc.integer({ min: 1, max: 20 }), (scheduler, list, kill) =>
          race(scheduler, list, kill),
        ),
        {
          numRuns: propertyRuns(60),
        },
      );
    },
    propertyTimeoutMs,
  );

  it(
    'performs nothing twice even when every living process is taken for dead',
    async () => {
      const racers = fc.array(fc.constantFrom<Racer>('start', 'start', 'resume'), {
        minLength: 2,
        maxLength: 3,
      });
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), racers, (scheduler, list) =>
          race(scheduler, list, null, { livenessLies: true }),
        ),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );

  it(
    'does not take "never heard of it" for an answer while who was to do it lives',
    async () => {
      const racers = fc.array(fc.constantFrom<Racer>('start', 'resume', 'cancel'), {
        minLength: 2,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), racers, (scheduler, list) =>
          race(scheduler, ['resume', ...list], null, { lookup: { found: 'absent' } }),
        ),
        { numRuns: propertyRuns(60) },
      );
    },
    propertyTimeoutMs,
  );
});
