/**
 * The two numbers that may be raised, and where each stands in the file: at the step that has its own, else in
 * `defaults`. A number is only ever raised, by one step at a time, and never above its bound.
 */
import type { ImprovementChange } from '../../events/workflow-events.ts';
import type { Definition, Step } from '../definition.ts';
import { formatDuration } from '../duration.ts';
import { actionsOf, at } from '../raw-value.ts';
import { RAISE_ATTEMPTS, RAISE_TIMEOUT } from './catalogue.ts';
import { MAX_ATTEMPTS, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS } from './low-risk.ts';

export type Raise = Extract<ImprovementChange, { kind: 'set-value' }>;

type Place = { readonly path: (string | number)[]; readonly current: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** One place for all steps that follow the defaults, then one for each step with a number of its own. */
function placesOf(
  definition: Definition,
  raw: unknown,
  key: readonly string[],
  current: (step: Step) => number,
): readonly Place[] {
  const places: Place[] = [];
  const actions = actionsOf(raw);
  let followsDefaults = false;
  definition.steps.forEach((step, index) => {
    // A manual step is not performed by us: it is neither tried again nor cut off.
    if (step.dispatcher === 'manual') return;
    const action = actions[index];
    if (action !== undefined && at(action.action, key) !== undefined) {
      places.push({ path: [...action.path, ...key], current: current(step) });
    } else if (!followsDefaults) {
      followsDefaults = true;
      places.unshift({ path: ['defaults', ...key], current: current(step) });
    }
  });
  return places;
}

/** Half as long again, in whole minutes from ten minutes on: a number somebody might have written. */
export const longerTimeout = (currentMs: number): number => {
  const longer = currentMs * 1.5;
  const unit = longer >= 10 * MINUTE_MS ? MINUTE_MS : SECOND_MS;
  return Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, Math.ceil(longer / unit) * unit));
};

export const raiseAttempts = (definition: Definition, raw: unknown): readonly Raise[] =>
  placesOf(definition, raw, ['retry', 'maxAttempts'], (step) => step.retry.maxAttempts)
    .filter(({ current }) => current < MAX_ATTEMPTS)
    .map(({ path, current }) => ({
      kind: 'set-value',
      catalogueId: RAISE_ATTEMPTS,
      path,
      value: current + 1,
    }));

export const raiseTimeouts = (definition: Definition, raw: unknown): readonly Raise[] =>
  placesOf(definition, raw, ['timeout'], (step) => step.timeoutMs)
    .filter(({ current }) => current < MAX_TIMEOUT_MS)
    .map(({ path, current }) => ({
      kind: 'set-value',
      catalogueId: RAISE_TIMEOUT,
      path,
      value: formatDuration(longerTimeout(current)),
    }));
