/**
 * The stages in their order, as far as they need nothing from the world: what is decided without an effect is
 * decided at once, in the same commit. Returns the next events, or none when the world (or a person) is needed.
 */

import { assertNever, isRefusal } from '../errors.ts';
import type { RunEvent, StageName, StageOutputs } from '../events/run-events.ts';
import { STAGES } from '../events/stages.ts';
import { type ActStage, currentAct, isPassedOver } from './acts.ts';
import type { RunContext } from './context.ts';
import type { Step } from './definition.ts';
import { isSilent } from './evidence.ts';
import { awaitedHandOver, stageFailed } from './stages/act.ts';
import { classify } from './stages/classify.ts';
import { deliverOutput } from './stages/deliver.ts';
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
      const step = failedAct(context, state, stage.name);
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
    case 'deliver':
      return insideActs(context, state, stage);
    case 'log':
      return context.definition.selfImprove.enabled ? [] : [completeStage(state, stage, { logged: true })];
    case 'verify':
      return currentAct(context, state, stage) === undefined ? [] : openEnds(context, state, stage);
    default:
      return assertNever(stage, 'stage');
  }
}

/** Which act a failed stage failed at; undefined where it was none. */
const failedAct = (context: RunContext, state: RunState, stage: StageName): string | undefined =>
  stage === 'execute' || stage === 'deliver' || stage === 'verify'
    ? currentAct(context, state, stage)?.id
    : undefined;

function insideActs(context: RunContext, state: RunState, stage: 'execute' | 'deliver'): readonly RunEvent[] {
  // Nothing is delivered of work that nobody has done yet.
  const waitsForWork = stage === 'deliver' && outputOf(state, 'execute')?.outcome === 'handed_off';
  const open = waitsForWork ? [] : openEnds(context, state, stage);
  if (open.length > 0) return open;
  if (!waitsForWork && currentAct(context, state, stage) !== undefined) return [];
  return [stage === 'execute' ? executed(context, state) : delivered(context, state, waitsForWork)];
}

function executed(context: RunContext, state: RunState): RunEvent {
  const steps = context.definition.steps.map((step) => ({ step: step.id, outcome: outcomeOf(state, step) }));
  const outcome = steps.some((one) => one.outcome === 'handed_off') ? 'handed_off' : 'done';
  return completeStage(state, 'execute', { outcome, steps });
}

function delivered(context: RunContext, state: RunState, waitsForWork: boolean): RunEvent {
  const output = deliverOutput(context, state);
  const { actions } = context.definition;
  if (actions.length === 0 || waitsForWork) return completeStage(state, 'deliver', output);
  const outcomes = actions.map((step) => ({ action: step.id, outcome: outcomeOf(state, step) }));
  return completeStage(state, 'deliver', { ...output, actions: outcomes });
}

const outcomeOf = (state: RunState, step: Step): 'done' | 'handed_off' | 'failed' | 'skipped' => {
  if (state.skipped.includes(step.id)) return 'skipped';
  const effect = latestEffect(state, step.id);
  if (effect !== undefined && isPassedOver(step, effect)) return 'failed';
  return effect?.status === 'handed_off' ? 'handed_off' : 'done';
};

/** What stops the stage's next act: a hand-over that is waited for, a doubt, a failure that was reported. */
function openEnds(context: RunContext, state: RunState, stage: ActStage): readonly RunEvent[] {
  const unreported = awaitedHandOver(context, state, stage);
  if (unreported !== undefined) {
    // Reached without its wait (after a doubt, or a cancellation in between): the run waits for it still.
    const { effectId, receipt = { by: 'human' } } = unreported;
    return [{ type: 'EffectConfirmed', data: { effectId, outcome: 'handed_off', receipt, awaited: true } }];
  }
  const step = currentAct(context, state, stage);
  const effect = step === undefined ? undefined : latestEffect(state, step.id);
  if (step === undefined || effect === undefined) return [];
  if (effect.status === 'unknown' && !effect.idempotent && effect.awaitsFiles !== true) {
    // A run that was cancelled in doubt and is resumed is in doubt still: it waits again, it does not act.
    const reason = effect.error ?? { code: 'in-doubt', message: 'nobody saw the end of it' };
    return [{ type: 'EffectUnknown', data: { effectId: effect.effectId, reason } }];
  }
  const failedHere = effect.status === 'failed' && effect.stageAttempt === stageOf(state, stage).attempts;
  return failedHere && effect.report?.status === 'error' ? [stageFailed(state, step.id, REPORTED_ERROR)] : [];
}

/** The report's own words stay in OutcomeReported; they may be long and are the reporter's, not ours. */
export const REPORTED_ERROR = { code: 'reported-error', message: 'the work was reported as not done' };

function afterStage(context: RunContext, state: RunState, stage: StageName): readonly RunEvent[] {
  const next = STAGES[STAGES.indexOf(stage) + 1];
  if (next !== undefined) return [startStage(state, next)];
  if (outputOf(state, 'execute')?.outcome !== 'handed_off')
    return [{ type: 'RunCompleted', data: { outcome: isSilent(context, state) ? 'unreported' : 'done' } }];
  const taskIds = context.definition.steps.flatMap((step) => {
    const effect = latestEffect(state, step.id);
    return effect?.status === 'handed_off' && effect.taskId !== undefined ? [effect.taskId] : [];
  });
  return [{ type: 'RunHandedOff', data: { taskIds } }];
}
