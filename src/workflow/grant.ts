/**
 * The hard gate: at high risk a step is dispatched only under a grant that names exactly what is dispatched. A grant
 * covers later attempts of its step while all earlier ones were certainly not performed; the first act that may have
 * happened spends it.
 */
import type { ApprovedStep } from '../events/run-events.ts';
import { actsOf, stageOfAct } from './acts.ts';
import type { RunContext } from './context.ts';
import type { Step } from './definition.ts';
import { BLANK_ATTEMPT, bindingOf, renderStep } from './render-step.ts';
import { type Approval, latestEffect, outputOf, type RunState } from './state.ts';

/** A check changes nothing in the world; everything else that is dispatched at high risk is asked first. */
export const needsApproval = (state: RunState, step: Step): boolean =>
  stageOfAct(step.id) !== 'verify' && outputOf(state, 'classify')?.risk === 'high';

export function coverOf(context: RunContext, state: RunState, step: Step): ApprovedStep {
  const rendered = renderStep(context, state, step, BLANK_ATTEMPT);
  return {
    step: step.id,
    dispatcher: rendered.dispatcher,
    ...(rendered.target === undefined ? {} : { target: rendered.target }),
    message: rendered.preview,
    binding: bindingOf(context, state, rendered),
  };
}

/** The granted approval that lets this very dispatch happen now, if there is one. */
export function grantFor(context: RunContext, state: RunState, step: Step): Approval | undefined {
  const { binding } = coverOf(context, state, step);
  return state.approvals.find(
    (approval) =>
      approval.status === 'granted' &&
      approval.covers.some((cover) => cover.step === step.id && cover.binding === binding) &&
      !isSpent(state, approval, step.id),
  );
}

const isSpent = (state: RunState, approval: Approval, step: string): boolean =>
  state.effects.some(
    (effect) =>
      effect.step === step &&
      effect.approvalId === approval.approvalId &&
      effect.status !== 'not_performed' &&
      effect.status !== 'withdrawn',
  );

/** Everything still to be dispatched, so that one yes covers the rest of the run. */
export const stepsToApprove = (context: RunContext, state: RunState): readonly Step[] =>
  [...actsOf(context.definition, 'execute'), ...actsOf(context.definition, 'deliver')].filter((step) => {
    const status = latestEffect(state, step.id)?.status;
    return status !== 'done' && status !== 'handed_off';
  });

export const approvalIdOf = (state: RunState): string =>
  state.approvals.length === 0 ? `A-${state.runId}` : `A-${state.runId}.${state.approvals.length + 1}`;
