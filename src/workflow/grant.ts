/**
 * The hard gate: what a rule asks about is dispatched only under a grant that names exactly what is dispatched. A
 * grant covers later attempts of its step while all earlier ones were certainly not performed; the first act that may
 * have happened spends it. Which steps are asked about is said in approval-rules.ts.
 */
import type { ApprovedStep } from '../events/run-events.ts';
import { actsOf, isOpen } from './acts.ts';
import { ruleFor } from './approval-rules.ts';
import type { RunContext } from './context.ts';
import type { Step } from './definition.ts';
import { BLANK_ATTEMPT, bindingOf, renderStep } from './render-step.ts';
import type { Approval, BoundFile, RunState } from './state.ts';

/** @param files what a yes at deliver is bound to, as they are on disk now; none elsewhere */
export function coverOf(
  context: RunContext,
  state: RunState,
  step: Step,
  files: readonly BoundFile[] = [],
): ApprovedStep {
  const rendered = renderStep(context, state, step, BLANK_ATTEMPT);
  return {
    step: step.id,
    dispatcher: rendered.dispatcher,
    ...(rendered.target === undefined ? {} : { target: rendered.target }),
    message: rendered.preview,
    binding: bindingOf(context, state, rendered, files),
  };
}

/** The granted approval that lets this very dispatch happen now, if there is one. */
export function grantFor(
  context: RunContext,
  state: RunState,
  step: Step,
  files: readonly BoundFile[] = [],
): Approval | undefined {
  const { binding } = coverOf(context, state, step, files);
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

/** Everything still to be dispatched that the same rule asks about, so that one yes covers it. */
export function stepsToApprove(context: RunContext, state: RunState, step: Step): readonly Step[] {
  const rule = ruleFor(context, state, step);
  const acts = [...actsOf(context.definition, 'execute'), ...actsOf(context.definition, 'deliver')];
  return acts.filter((other) => isOpen(state, other) && ruleFor(context, state, other)?.at === rule?.at);
}

export const approvalIdOf = (state: RunState): string =>
  state.approvals.length === 0 ? `A-${state.runId}` : `A-${state.runId}.${state.approvals.length + 1}`;
