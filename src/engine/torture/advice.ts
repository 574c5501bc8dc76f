/** Which key of the definition changes what becomes of a step after a crash, and what has to be true for it. */
import { assertNever } from '../../errors.ts';
import type { Outcome } from './judge.ts';
import type { StepFacts } from './scenario.ts';

export type Advice = {
  /** Key of the step; `openclaw` is one of config.json. */
  readonly key: string;
  /** As it would stand in the file. */
  readonly setting: string;
  readonly text: string;
};

type Line = { readonly outcome: Outcome };

export function adviceFor(
  { step, dispatcher }: StepFacts,
  crashes: readonly Line[],
  troubles: readonly (Line & { readonly trouble: string })[],
): readonly Advice[] {
  const has = (outcome: Outcome): boolean =>
    [...crashes, ...troubles].some((line) => line.outcome === outcome);
  const advice: Advice[] = [];
  if (has('same-key')) advice.push(SAME_KEY);
  if (has('waits') && !step.idempotent) advice.push(WAITS);
  const refused = troubles.find(({ trouble }) => trouble === 'refused');
  if (refused?.outcome === 'fails' || crashes.some(({ outcome }) => outcome === 'fails')) advice.push(RETRY);
  if (step.notPerformedExitCodes.length > 0) advice.push(takenAtItsWord(step.notPerformedExitCodes));
  switch (dispatcher) {
    case 'manual':
      if (step.dispatcher === 'auto') advice.push(NOBODY_CONNECTED);
      break;
    case 'command':
    case 'openclaw':
    case 'agent':
    case 'http':
    case 'message':
      break;
    default:
      return assertNever(dispatcher, 'dispatcher');
  }
  return advice;
}

const WAITS: Advice = {
  key: 'idempotent',
  setting: '"idempotent": true',
  text: 'it would be performed again by itself, with the same WF_EFFECT_KEY: right only where twice does no harm',
};
const SAME_KEY: Advice = {
  key: 'idempotent',
  setting: '"idempotent": true',
  text: 'is why it is performed again: its program must do no harm twice, or know WF_EFFECT_KEY. Without it, it waits for you',
};
const RETRY: Advice = {
  key: 'retry',
  setting: '"retry": {"maxAttempts": 3}',
  text: 'an attempt that certainly did not happen would be followed by another by itself',
};
const takenAtItsWord = (codes: readonly number[]): Advice => ({
  key: 'notPerformedExitCodes',
  setting: `"notPerformedExitCodes": [${codes.join(', ')}]`,
  text: 'is taken at its word: a program that acts and then ends so is performed again',
});
const NOBODY_CONNECTED: Advice = {
  key: 'openclaw',
  setting: '"openclaw": {}',
  text: 'in config.json connects an assistant; until then "auto" puts the step into your queue',
};
