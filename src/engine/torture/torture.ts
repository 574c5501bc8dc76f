/**
 * Tortures one definition: lives each of its runs once undisturbed, then again and again, killed (and cut from power)
 * at one point after another, with fresh processes that go on from the log. Everything happens in memory, and the
 * same definition gives the same lives; see docs/decisions/014.
 */
import { actsOf } from '../../workflow/acts.ts';
import type { RunContext } from '../../workflow/context.ts';
import { resolveDispatcher } from '../../workflow/render-step.ts';
import type { RunRequest } from '../prepare-request.ts';
import type { Crash } from './crashes.ts';
import { faultsOf } from './judge.ts';
import { ENGINE, type Life, live, type TorturedEngine, type Way } from './life.ts';
import type { Message } from './messages.ts';
import { Tally, type TortureReport } from './report.ts';
import { type Scenario, type StepFacts, troublesOf, WELL } from './scenario.ts';
import { ScratchHome, type ScratchOptions } from './scratch-home.ts';

export type TortureOptions = Omit<ScratchOptions, 'scenario' | 'crashes'> & {
  readonly messages: readonly Message[];
  /** Kill the process that goes on after a crash, too, at each of its points. */
  readonly twice: boolean;
  /** No more lives than these; what is left out is said. */
  readonly maxLives?: number;
  /** Handed in by tests: an engine that is broken on purpose. */
  readonly engine?: TorturedEngine;
};

/** Not who approves: a definition may ask for four eyes. */
const ASKER = 'who asked';
const MAX_LIVES = 20_000;

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const steps = factsOf(options);
  const tally = new Tally(options.loaded.definition, steps, options.maxLives ?? MAX_LIVES);
  const troubles = troublesOf(options.loaded.definition, steps);
  for (const [index, message] of options.messages.entries()) {
    // What the world does to a step does not depend on the words that led there.
    for (const scenario of index === 0 ? [WELL, ...troubles] : [WELL])
      await tortureLife({ options, steps, tally, message, scenario });
  }
  return tally.report();
}

/** Each step with the dispatcher that config gives it. */
export function factsOf({
  loaded,
  connected,
}: Pick<TortureOptions, 'loaded' | 'connected'>): readonly StepFacts[] {
  const context = { connected } as RunContext;
  return (['execute', 'verify', 'deliver'] as const)
    .flatMap((stage) => actsOf(loaded.definition, stage))
    .map((step) => ({ step, dispatcher: resolveDispatcher(context, step) }));
}

type Job = {
  readonly options: TortureOptions;
  readonly steps: readonly StepFacts[];
  readonly tally: Tally;
  readonly message: Message;
  readonly scenario: Scenario;
};

async function tortureLife(job: Job): Promise<void> {
  const { tally, scenario } = job;
  if (tally.isFull()) return;
  const first = await lifeOf(job, [], 'same-request');
  tally.undisturbed(first, scenario);
  tally.faults(faultsOf(job.steps, first, first.life), { scenario, way: 'same-request', crashed: [] });
  for (const { at, powerMatters } of momentsOf(first.home, 0)) {
    await crash(job, [{ at, power: false }], first.life);
    if (powerMatters) await crash(job, [{ at, power: true }], first.life);
  }
}

/** The points after the first `passed` that leave something else than the one before. */
function momentsOf({ images }: ScratchHome, passed: number) {
  return images.flatMap(({ name, powerMatters }, index) =>
    index < passed || images[index - 1]?.name === name ? [] : [{ at: index + 1, powerMatters }],
  );
}

async function crash(job: Job, crashes: readonly Crash[], undisturbed: Life): Promise<void> {
  const { tally, options, steps, scenario } = job;
  for (const way of ['same-request', 'resume'] as const) {
    if (tally.isFull()) return;
    const lived = await lifeOf(job, crashes, way);
    const { crashed } = lived.home;
    tally.disturbed(lived, scenario, undisturbed);
    tally.faults(faultsOf(steps, lived, undisturbed), { scenario, way, crashed });
    const [first] = crashes;
    if (options.twice && crashes.length === 1 && first !== undefined && way === 'same-request') {
      for (const { at } of momentsOf(lived.home, first.at))
        await crash(job, [first, { at, power: first.power }], undisturbed);
    }
    // There is nothing to resume by its id before the run is in the log, or after its end.
    const status = crashed.at(-1)?.run?.status;
    if (status !== 'running' && status !== 'waiting') return;
  }
}

async function lifeOf({ options, message, scenario }: Job, crashes: readonly Crash[], way: Way) {
  const home = new ScratchHome({ ...options, scenario, crashes });
  const request: RunRequest = {
    workflowId: options.loaded.id,
    input: message.input,
    force: false,
    detach: false,
    by: ASKER,
    ...(message.requested === undefined ? {} : { route: message.requested }),
  };
  const [approver = 'somebody else'] = options.loaded.definition.approvals.flatMap((rule) => rule.by);
  return { home, life: await live(home, options.engine ?? ENGINE, request, way, approver) };
}
