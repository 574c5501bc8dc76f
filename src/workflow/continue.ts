/**
 * When a run that stopped may go on, and why. The answer is a function of the log alone: whoever asks (`run`,
 * `resume`, `approve`, `report`, `resolve`) gets the same one.
 */
import { type Refusal, refuse } from '../errors.ts';
import type { RunEvent } from '../events/run-events.ts';
import { REPORTED_ERROR, startStage } from './advance.ts';
import type { RunContext } from './context.ts';
import { currentStep, stageFailed } from './stages/execute.ts';
import { latestEffect, type RunState, stageOf } from './state.ts';

export type ContinueReason = 'requested' | 'owner-gone' | 'approved' | 'reported' | 'resolved';

/** Why the run could be leased now, or null when it is at its end or waits for somebody. Liveness is judged elsewhere. */
export function continueReason(context: RunContext, state: RunState): ContinueReason | null {
  switch (state.status) {
    case 'running':
      return 'owner-gone';
    case 'failed':
    case 'cancelled':
      return 'requested';
    case 'completed':
      return null;
    case 'handed_off':
      return hasNewReport(context, state) ? 'reported' : null;
    case 'waiting':
      return waitIsOver(state);
  }
}

function waitIsOver(state: RunState): ContinueReason | null {
  const waiting = state.waiting;
  if (waiting === null || waiting.for === 'retry') return 'owner-gone';
  if (waiting.for === 'approval') {
    return state.approvals.find((a) => a.approvalId === waiting.id)?.status === 'pending' ? null : 'approved';
  }
  const effect = state.effects.find((candidate) => candidate.effectId === waiting.id);
  if (effect?.report !== undefined) return 'reported';
  return effect?.status === 'unknown' || effect?.status === 'handed_off' ? null : 'resolved';
}

/** A report on a handed-off run counts once it fails the run, or once no handed-over step is left without one. */
const hasNewReport = (context: RunContext, state: RunState): boolean => {
  const statuses = context.definition.steps.map((step) => latestEffect(state, step.id)?.status);
  return statuses.includes('failed') || statuses.every((status) => status === 'done');
};

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
  if (before.status !== 'failed' && before.status !== 'cancelled') return [];
  if (state.current === null) return [];
  const failedStage = stageOf(state, state.current);
  if (failedStage.status === 'failed') return [startStage(state, state.current)];
  if (failedStage.status === 'running') return [];
  // Cancelled between stages or after a hand-over: execute is where work may still be open.
  if (currentStep(context, state) === undefined && state.current === 'log') {
    return refuse(
      'nothing-left',
      `run ${state.runId} was cancelled after its last step was handed over`,
      'Start it again with --force.',
    );
  }
  return [startStage(state, 'execute')];
}
