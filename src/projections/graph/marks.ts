/** Where a run is, as one word for each place of its graph. */
import type { StageName } from '../../events/run-events.ts';
import { latestEffect, type RunState, stageOf } from '../../workflow/state.ts';

export type GraphMark = 'done' | 'here' | 'handed_off' | 'in-doubt' | 'failed' | 'skipped' | 'pending';

export function stageMark(run: RunState, stage: StageName): GraphMark {
  const { status } = stageOf(run, stage);
  switch (status) {
    case 'completed':
      return stage === 'execute' && run.status === 'handed_off' ? 'handed_off' : 'done';
    case 'running':
      return 'here';
    case 'failed':
    case 'pending':
      return status;
  }
}

export function actMark(run: RunState, step: string): GraphMark {
  if (run.skipped.includes(step)) return 'skipped';
  const effect = latestEffect(run, step);
  switch (effect?.status) {
    case undefined:
    case 'withdrawn':
      return 'pending';
    case 'intended':
      return 'here';
    case 'unknown':
      return 'in-doubt';
    case 'not_performed':
    case 'failed':
      return 'failed';
    case 'done':
    case 'handed_off':
      return effect?.status ?? 'pending';
  }
}

/** @param at the place that is asked about, as the approval has it */
export function approvalMark(run: RunState, at: string): GraphMark {
  const approval = run.approvals.findLast((one) => one.at === at);
  switch (approval?.status) {
    case 'pending':
      return 'here';
    case 'granted':
      return 'done';
    case 'rejected':
    case 'expired':
      return approval?.covers.some(({ step }) => run.skipped.includes(step)) === true ? 'skipped' : 'failed';
    case 'lapsed':
    case undefined:
      return 'pending';
  }
}
