/**
 * What a person is told, in a few lines: what happened, of what, and the next commands. Plain text without control
 * characters, for it goes to programs that show it somewhere.
 */

import { assertNever } from '../errors.ts';
import { previewOf } from '../events/envelope.ts';
import { approvalOf, type Cause } from '../workflow/notify-causes.ts';
import { type RunState, taskOf } from '../workflow/state.ts';
import { oneLine, withoutControls } from './fence.ts';

const TASK_CHARS = 200;
const REASON_CHARS = 300;

/** @param isAgain it was told before */
export function noticeText(state: RunState, cause: Cause, isAgain: boolean): string {
  const { runId, workflowId } = state;
  const lines = [
    `${isAgain ? 'still: ' : ''}${workflowId} ${headline(state, cause)}`,
    `task: ${oneLine(previewOf(taskOf(state)), TASK_CHARS)}`,
    ...detail(state, cause),
    `look: wf show ${runId}`,
  ];
  return withoutControls(lines.join('\n'));
}

function headline(state: RunState, { on }: Cause): string {
  switch (on) {
    case 'failed':
      return `failed${state.error === null ? '' : ` at ${state.error.stage}`}`;
    case 'completed':
      return state.outcome === 'unreported' ? 'is done, its assistant said nothing' : 'is done';
    case 'handed-off':
      return 'was handed over: it is not done, and waits for a report';
    case 'cancelled':
      return 'was cancelled';
    case 'waiting:approval':
      return 'waits for your approval';
    case 'waiting:outcome':
      return 'waits for the outcome of what was handed over';
    case 'in-doubt':
      return 'is in doubt: nobody can say whether a step was performed, and it was not repeated';
    case 'expired':
      return 'was not approved in time';
    case 'missed':
      return 'was missed';
    default:
      return assertNever(on, 'cause');
  }
}

function detail(state: RunState, cause: Cause): readonly string[] {
  const { runId, error } = state;
  switch (cause.on) {
    case 'failed':
      return [
        ...(error === null ? [] : [`why: ${oneLine(error.message, REASON_CHARS)}`]),
        `again: wf resume ${runId}`,
      ];
    case 'waiting:approval': {
      const approval = approvalOf(state, cause);
      if (approval === undefined) return [];
      const { approvalId, risk, reasons, expiresAt, onExpire } = approval;
      const then = onExpire === 'skip' ? 'goes on without' : 'is cancelled';
      return [
        `asked before: ${approval.at}, ${risk} risk (${oneLine(reasons.join('; '), REASON_CHARS)})`,
        ...(expiresAt === undefined ? [] : [`expires: ${expiresAt}, then the run ${then}`]),
        `yes: wf approve ${approvalId}`,
        `no: wf reject ${approvalId}`,
      ];
    }
    case 'waiting:outcome':
    case 'handed-off':
      return [`report: wf report ${runId} --file RESULT_FILE`];
    case 'in-doubt': {
      const effect = state.effects.find(({ status }) => status === 'unknown');
      return [
        ...(effect?.error === undefined
          ? []
          : [`step ${effect.step}: ${oneLine(effect.error.message, REASON_CHARS)}`]),
        `it happened: wf resolve ${runId} --sent`,
        `it did not: wf resolve ${runId} --not-sent`,
      ];
    }
    case 'completed':
    case 'cancelled':
    case 'expired':
    case 'missed':
      return [];
  }
}

export type MissedSlot = {
  readonly scheduleId: string;
  /** ISO 8601: when it was due; the last of them where they are more than one. */
  readonly slot: string;
  readonly count: number;
  /** In words, as it was recorded; empty = whoever wants to know asks `why`. */
  readonly reason: string;
};

export const missedText = (workflowId: string, { scheduleId, slot, count, reason }: MissedSlot): string =>
  withoutControls(
    [
      `${workflowId} did not run: schedule ${scheduleId}, due ${slot}${count > 1 ? ` (${count} times, this the last)` : ''}`,
      ...(reason === '' ? [] : [`why: ${oneLine(reason, REASON_CHARS)}`]),
      `look: wf why --not ${slot}`,
    ].join('\n'),
  );
