/**
 * Every act a definition asks for, by the stage it belongs to: the steps of execute, the command of verify, the
 * actions of deliver. They are all intended, performed and confirmed the same way. Outside execute the name of an act
 * carries its stage (`verify.command`, `deliver.blog`), and no step of execute may be called so.
 */
import type { RunContext } from './context.ts';
import type { Definition, Step } from './definition.ts';
import { type Effect, latestEffect, type RunState, stageOf } from './state.ts';

export type ActStage = 'execute' | 'verify' | 'deliver';

export const VERIFY_COMMAND = 'verify.command';
export const DELIVER_PREFIX = 'deliver.';
const VERIFY_PREFIX = 'verify.';

export const stageOfAct = (step: string): ActStage =>
  step.startsWith(DELIVER_PREFIX) ? 'deliver' : step.startsWith(VERIFY_PREFIX) ? 'verify' : 'execute';

export function actsOf(definition: Definition, stage: ActStage): readonly Step[] {
  switch (stage) {
    case 'execute':
      return definition.steps;
    case 'verify':
      return definition.verifyCommand === undefined ? [] : [definition.verifyCommand];
    case 'deliver':
      return definition.actions;
  }
}

export const actNamed = (definition: Definition, step: string): Step | undefined =>
  actsOf(definition, stageOfAct(step)).find((candidate) => candidate.id === step);

/** The first act of a stage that is still to be done; undefined when the stage is through with its acts. */
export const currentAct = (context: RunContext, state: RunState, stage: ActStage): Step | undefined =>
  actsOf(context.definition, stage).find((step) => isOpen(state, step));

/** Whether it is still to be done. */
export const isOpen = (state: RunState, step: Step): boolean =>
  !isSettled(state, step, latestEffect(state, step.id));

function isSettled(state: RunState, step: Step, effect: Effect | undefined): boolean {
  if (state.skipped.includes(step.id)) return true;
  if (effect === undefined) return false;
  const stage = stageOfAct(step.id);
  // Sent back: what was done before has to be done again.
  if (stage === 'execute' && effect.stageAttempt < (state.redo?.fromAttempt ?? 0)) return false;
  // A check is made again whenever its stage is; whatever else was done stays done.
  if (stage === 'verify' && effect.stageAttempt !== stageOf(state, stage).attempts) return false;
  return effect.status === 'done' || effect.status === 'handed_off' || isPassedOver(step, effect);
}

/** It failed for good, and the definition goes on without it. */
export const isPassedOver = (step: Step, effect: Effect): boolean =>
  step.onError === 'continue' &&
  (effect.status === 'failed' || effect.status === 'not_performed') &&
  (effect.gaveUp === true || effect.report?.status === 'error');
