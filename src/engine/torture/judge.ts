/**
 * Compares a life that was cut short with the one that was not: what became of each step, and whether anything was
 * repeated, lost or left out without anybody being told.
 */
import { isPassedOver } from '../../workflow/acts.ts';
import { type Effect, latestEffect } from '../../workflow/state.ts';
import type { Fault } from './acts.ts';
import type { Life } from './life.ts';
import type { StepFacts } from './scenario.ts';
import type { Crashed, ScratchHome } from './scratch-home.ts';

/** Where a step stood when the process died. */
export type Phase =
  | 'before'
  /** Its intent was on disk, and its act had not begun. */
  | 'intended'
  | 'acting'
  /** It had acted, and nothing of that was on record. */
  | 'acted'
  | 'recorded';

/** What became of a step in the end. */
export type Outcome =
  /** It happened once, and nobody had to do anything. */
  | 'once'
  /** It was put into somebody's queue, once. */
  | 'queued'
  /** The receiver was asked, and knew it. */
  | 'found'
  /** The receiver was asked, did not know it, and was given it. */
  | 'sent-after-asking'
  /** It was performed once more with the same key, as its definition allows. */
  | 'same-key'
  /** It waited for a person to say what had happened. */
  | 'waits'
  /** Not without a person who took the failed run up again. */
  | 'fails'
  /** It was tried again by itself after an attempt that had certainly not happened. */
  | 'tried-again'
  /** It failed for good, and the run went on without it, as its definition says. */
  | 'left-out'
  | 'repeats'
  | 'vanishes';

export type Lived = { readonly home: ScratchHome; readonly life: Life };

export function phaseOf(step: string, home: ScratchHome, { run, acts, acting }: Crashed): Phase {
  const effect = run === null ? undefined : latestEffect(run, step);
  if (effect === undefined) return 'before';
  if (effect.status !== 'intended') return 'recorded';
  if (acting === effect.effectId) return 'acting';
  const begun = home.records.acts.slice(0, acts).some(({ effectId }) => effectId === effect.effectId);
  return begun ? 'acted' : 'intended';
}

export function outcomeOf({ step, dispatcher }: StepFacts, { home, life }: Lived): Outcome {
  const { acts, lookups, faults } = home.records;
  const own = acts.filter((act) => act.step === step.id);
  if (faults.some((fault) => fault.kind === 'repeats' && fault.step === step.id)) return 'repeats';
  if (hasVanished({ step, dispatcher }, { home, life })) return 'vanishes';
  if (life.doubts.includes(step.id)) return 'waits';
  const effect = latestOf(home, step.id);
  if (effect !== undefined && isPassedOver(step, effect)) return 'left-out';
  if (dispatcher === 'manual') return 'queued';
  if (life.resumed > 0) return 'fails';
  if (new Set(own.map(({ key }) => key)).size < own.length) return 'same-key';
  const looked = lookups.find((look) => look.step === step.id)?.found;
  if (looked === 'performed') return 'found';
  if (looked === 'absent') return 'sent-after-asking';
  return own.length > 1 ? 'tried-again' : 'once';
}

function latestOf(home: ScratchHome, step: string): Effect | undefined {
  const run = home.run();
  return run === null ? undefined : latestEffect(run, step);
}

/** A run that says its work is done, or handed over, and a step of it that never happened. */
function hasVanished({ step, dispatcher }: StepFacts, { home, life }: Lived): boolean {
  if (life.end !== 'completed') return false;
  const effect = latestOf(home, step.id);
  // The definition goes on without it, and the log says so.
  if (effect !== undefined && isPassedOver(step, effect)) return false;
  if (dispatcher !== 'manual') return !home.records.acts.some((act) => act.step === step.id && act.happened);
  return effect === undefined;
}

/** Everything that went wrong in silence, in one life. `undisturbed` is the same life without a crash. */
export function faultsOf(
  steps: readonly StepFacts[],
  { home, life }: Lived,
  undisturbed: Life,
): readonly Fault[] {
  const faults: Fault[] = [...home.records.faults];
  for (const facts of steps) {
    const step = facts.step.id;
    if (hasVanished(facts, { home, life }))
      faults.push({ kind: 'vanishes', step, text: `the run completed, and ${step} never happened` });
  }
  const runs = home.runs();
  const known = new Set(runs.flatMap(({ effects }) => effects.map(({ effectId }) => effectId)));
  for (const { effectId, step, key, happened } of home.records.acts) {
    if (happened && !known.has(effectId))
      faults.push({ kind: 'unrecorded', step, text: `${key} happened, and the log does not know of it` });
  }
  if (runs.length > 1 && !beganAnew(home)) {
    const text = `${runs.length} runs for one request, and the earlier one had not failed`;
    faults.push({ kind: 'second-run', text });
  }
  if (life.end !== undisturbed.end) {
    const why = life.problem === undefined ? '' : ` (${life.problem})`;
    const text = `it ends ${life.end}${why}; without the crash it ends ${undisturbed.end}`;
    faults.push({ kind: 'stuck', text });
  }
  return faults;
}

/**
 * A failed run does not hold its key: the same request, given because nobody was told of the failure, is a new run
 * from its first step on. That is how it is meant, and worth knowing.
 */
export function beganAnew(home: ScratchHome): boolean {
  const runs = home.runs();
  return runs.length > 1 && runs.slice(0, -1).every(({ status }) => status === 'failed');
}

/** Steps that happened in a failed run and again in the one after it. */
export const doneAnew = (home: ScratchHome): readonly string[] => {
  const runs = (step: string): number =>
    new Set(home.records.acts.flatMap((act) => (act.step === step && act.happened ? [act.runId] : []))).size;
  return [...new Set(home.records.acts.map(({ step }) => step))].filter((step) => runs(step) > 1);
};
