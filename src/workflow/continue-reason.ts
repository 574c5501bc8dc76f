/**
 * When a run that stopped may go on, and why. The answer is a function of the log alone: whoever asks (`run`,
 * `resume`, `approve`, `report`, `resolve`) gets the same one. Apart from where it goes on, because an answer from the
 * log asks this and must not load the whole decider for it.
 */
import type { RunContext } from './context.ts';
import { latestEffect, type RunState } from './state.ts';

export type ContinueReason =
  | 'requested'
  | 'owner-gone'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'reported'
  | 'resolved';

/** Why the run could be leased now, or null when it is at its end or waits for somebody. Liveness is judged elsewhere. */
export function continueReason(context: RunContext, state: RunState): ContinueReason | null {
  if (state.erased !== null) return null;
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

/** Of a run that waits: whether what it waits for has come. */
export function waitIsOver(state: RunState): ContinueReason | null {
  const waiting = state.waiting;
  if (waiting === null || waiting.for === 'retry') return 'owner-gone';
  if (waiting.for === 'approval') {
    const status = state.approvals.find((a) => a.approvalId === waiting.id)?.status;
    if (status === 'pending') return null;
    return status === 'rejected' || status === 'expired' ? status : 'approved';
  }
  const effect = state.effects.find((candidate) => candidate.effectId === waiting.id);
  if (effect?.report !== undefined) return 'reported';
  if (waiting.for === 'outcome') return null;
  return effect?.status === 'unknown' ? null : 'resolved';
}

/** A report on a handed-off run counts once it fails the run, or once no handed-over step is left without one. */
const hasNewReport = (context: RunContext, state: RunState): boolean => {
  const statuses = context.definition.steps.map((step) => latestEffect(state, step.id)?.status);
  return statuses.includes('failed') || statuses.every((status) => status === 'done');
};
