/** Where a run that stopped goes on, once continue-reason.ts has said that it may. */
import { type Refusal, refuse } from '../errors.ts';
import type { RunEvent } from '../events/run-events.ts';
import { currentAct } from './acts.ts';
import { REPORTED_ERROR, startStage } from './advance.ts';
import type { RunContext } from './context.ts';
import { stageFailed } from './stages/act.ts';
import { latestEffect, type RunState, stageOf } from './state.ts';

/** Where a continued run goes on, after RunResumed and RunLeased. */
export function reenter(
  context: RunContext,
  state: RunState,
  before: RunState,
): readonly RunEvent[] | Refusal {
  if (before.status === 'handed_off') {
    const start = startStage(state, 'execute');
    const failed = context.definition.steps.find((step) => latestEffect(state, step.id)?.status === 'failed');
    if (failed === undefined) return [start];
    const attempt = stageOf(state, 'execute').attempts + 1;
    const event = stageFailed(state, failed.id, REPORTED_ERROR);
    return event.type === 'StageFailed' ? [start, { ...event, data: { ...event.data, attempt } }] : [start];
  }
  if (before.status === 'waiting' && wasSentBack(before)) return [startStage(state, 'execute')];
  if (before.status !== 'failed' && before.status !== 'cancelled') return [];
  if (state.current === null) return [];
  const failedStage = stageOf(state, state.current);
  if (failedStage.status === 'failed') return [startStage(state, state.current)];
  if (failedStage.status === 'running') return [];
  // Cancelled between stages or after a hand-over: execute is where work may still be open.
  if (currentAct(context, state, 'execute') === undefined && state.current === 'log') {
    return refuse(
      'nothing-left',
      `run ${state.runId} was cancelled after its last step was handed over`,
      'Start it again with --force.',
    );
  }
  return [startStage(state, 'execute')];
}

/** Sent back, and the work has not been begun again since. */
const wasSentBack = (state: RunState): boolean =>
  state.redo !== null && stageOf(state, 'execute').attempts < state.redo.fromAttempt;
