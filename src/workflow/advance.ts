/**
 * The stages in their order, as far as they need nothing from the world: what is decided without an effect is
 * decided at once, in the same commit. Returns the next events, or none when the world (or a person) is needed.
 */

import { assertNever, isRefusal } from '../errors.ts';
import type { RunEvent, StageName, StageOutputs } from '../events/run-events.ts';
import { STAGES } from '../events/stages.ts';
import type { RunContext } from './context.ts';
import { classify } from './stages/classify.ts';
import { deliverOutput } from './stages/deliver.ts';
import { awaitedHandOver, currentStep, stageFailed } from './stages/execute.ts';
import { intakeOutput } from './stages/intake.ts';
import { planOutput } from './stages/plan.ts';
import { latestEffect, outputOf, type RunState, stageOf } from './state.ts';

export function advance(context: RunContext, state: RunState): readonly RunEvent[] {
  if (state.status !== 'running' || state.lease === null) return [];
  if (state.current === null) return [startStage(state, 'intake')];
  const stage = stageOf(state, state.current);
  switch (stage.status) {
    case 'pending':
      return [];
    case 'running':
      return inside(context, state, stage.name);
    case 'completed':
      return afterStage(context, state, stage.name);
    case 'failed': {
      const error = stage.error ?? { code: 'unknown', message: 'no reason recorded' };
      const step = stage.name === 'execute' ? currentStep(context, state)?.id : undefined;
      return [
        { type: 'RunFailed', data: { stage: stage.name, error, ...(step === undefined ? {} : { step }) } },
      ];
    }
    default:
      return assertNever(stage.status, 'stage status');
  }
}

export const startStage = (state: RunState, stage: StageName): RunEvent => ({
  type: 'StageStarted',
  data: { stage, attempt: stageOf(state, stage).attempts + 1 },
});

export function completeStage<S extends StageName>(
  state: RunState,
  stage: S,
  output: StageOutputs[S],
): RunEvent {
  const data = { stage, attempt: stageOf(state, stage).attempts, output };
  // `stage` and `output` belong together by their shared type parameter, which the union cannot express.
  return { type: 'StageCompleted', data } as RunEvent;
}

function inside(context: RunContext, state: RunState, stage: StageName): readonly RunEvent[] {
  switch (stage) {
    case 'intake':
      return [completeStage(state, stage, intakeOutput(context.input, state.redactions))];
    case 'classify': {
      const output = classify(context.definition, context.input, state.requestedRoute);
      if (!isRefusal(output)) return [completeStage(state, stage, output)];
      const { code, message } = output;
      return [
        {
          type: 'StageFailed',
          data: { stage, attempt: stageOf(state, stage).attempts, error: { code, message } },
        },
      ];
    }
    case 'plan':
      return [completeStage(state, stage, planOutput(context, state))];
    case 'configure_tools':
      return context.definition.tools.length === 0
        ? [completeStage(state, stage, { configured: [], skipped: [] })]
        : [];
    case 'execute':
      return insideExecute(context, state);
    case 'deliver':
      return [completeStage(state, stage, deliverOutput(context, state))];
    case 'log':
      return context.definition.selfImprove.enabled ? [] : [completeStage(state, stage, { logged: true })];
    case 'verify':
      return [];
    default:
      return assertNever(stage, 'stage');
  }
}

function insideExecute(context: RunContext, state: RunState): readonly RunEvent[] {
  const unreported = awaitedHandOver(context, state);
  if (unreported !== undefined) {
    // Reached without its wait (after a doubt, or a cancellation in between): the run waits for it still.
    const { effectId, receipt = { by: 'human' } } = unreported;
    return [{ type: 'EffectConfirmed', data: { effectId, outcome: 'handed_off', receipt, awaited: true } }];
  }
  const step = currentStep(context, state);
  if (step === undefined) {
    const steps = context.definition.steps.map(({ id }) => ({
      step: id,
      outcome: latestEffect(state, id)?.status === 'handed_off' ? ('handed_off' as const) : ('done' as const),
    }));
    const outcome = steps.some((one) => one.outcome === 'handed_off') ? 'handed_off' : 'done';
    return [completeStage(state, 'execute', { outcome, steps })];
  }
  const effect = latestEffect(state, step.id);
  if (effect?.status === 'unknown' && !effect.idempotent) {
    // A run that was cancelled in doubt and is resumed is in doubt still: it waits again, it does not act.
    const reason = effect.error ?? { code: 'in-doubt', message: 'nobody saw the end of it' };
    return [{ type: 'EffectUnknown', data: { effectId: effect.effectId, reason } }];
  }
  const failedHere =
    effect?.status === 'failed' && effect.stageAttempt === stageOf(state, 'execute').attempts;
  return failedHere && effect.report?.status === 'error' ? [stageFailed(state, step.id, REPORTED_ERROR)] : [];
}

/** The report's own words stay in OutcomeReported; they may be long and are the reporter's, not ours. */
export const REPORTED_ERROR = { code: 'reported-error', message: 'the work was reported as not done' };

function afterStage(context: RunContext, state: RunState, stage: StageName): readonly RunEvent[] {
  const next = STAGES[STAGES.indexOf(stage) + 1];
  if (next !== undefined) return [startStage(state, next)];
  if (outputOf(state, 'execute')?.outcome !== 'handed_off')
    return [{ type: 'RunCompleted', data: { outcome: 'done' } }];
  const taskIds = context.definition.steps.flatMap((step) => {
    const effect = latestEffect(state, step.id);
    return effect?.status === 'handed_off' && effect.taskId !== undefined ? [effect.taskId] : [];
  });
  return [{ type: 'RunHandedOff', data: { taskIds } }];
}
