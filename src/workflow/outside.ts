/**
 * Facts that anybody may add to a run: an approval, a report, a verdict on a doubt, a cancellation. None of them
 * carries an epoch and none advances the run; whoever leases it next does.
 */
import { ExitCode, type Refusal, refuse } from '../errors.ts';
import type { RunEvent } from '../events/run-events.ts';
import { ruleAt } from './approval-rules.ts';
import type { OutsideCommand, RunCommand } from './command.ts';
import type { RunContext } from './context.ts';
import { type Approval, type Effect, latestEffect, type RunState, stageOf } from './state.ts';

type Decided = readonly RunEvent[] | Refusal;
type Of<T extends OutsideCommand['type']> = Extract<RunCommand, { type: T }>;

const isOver = (state: RunState): boolean =>
  state.status === 'completed' || state.status === 'failed' || state.status === 'cancelled';

function pendingApproval(state: RunState, approvalId: string): Approval | Refusal {
  const approval = state.approvals.find((candidate) => candidate.approvalId === approvalId);
  if (approval === undefined)
    return refuse('approval-unknown', `run ${state.runId} has no approval ${approvalId}`);
  const decided = approval.status === 'granted' || approval.status === 'rejected';
  if (isOver(state) && !decided)
    return refuse('run-over', `run ${state.runId} is ${state.status}: there is nothing to approve`);
  if (approval.status !== 'pending') {
    return refuse(
      'approval-decided',
      `approval ${approvalId} was ${approval.status} ${approval.decidedAt ?? ''}`.trim(),
    );
  }
  return approval;
}

export function approve(context: RunContext, state: RunState, command: Of<'Approve'>): Decided {
  const approval = pendingApproval(state, command.approvalId);
  if ('refused' in approval) return approval;
  if (approval.expiresAt !== undefined && command.now >= approval.expiresAt)
    return refuse('approval-expired', `approval ${command.approvalId} expired at ${approval.expiresAt}`);
  if (command.via === 'library' && approval.risk === 'high')
    return refuse(
      'approval-needs-terminal',
      `${command.approvalId} is of high risk: a person types the yes on a terminal`,
      `wf approve ${command.approvalId}`,
      ExitCode.usage,
    );
  const { by, fourEyes } = ruleAt(context, approval.at);
  if (by.length > 0 && !by.includes(command.by) && !(command.isOwner && by.includes('owner')))
    return refuse('approval-not-yours', `${command.by} may not approve this: ${by.join(' or ')} may`);
  if (fourEyes && state.by === undefined)
    return refuse(
      'approval-four-eyes',
      `it is not known who started run ${state.runId}, so nobody can be told from them`,
      `Start it by a login that has a name (USER): wf reject ${command.approvalId}, then run it again`,
    );
  if (fourEyes && state.by === command.by)
    return refuse(
      'approval-four-eyes',
      `${command.by} started run ${state.runId}: somebody else has to approve it`,
    );
  const { approvalId, binding } = approval;
  return [
    {
      type: 'ApprovalGranted',
      data: { approvalId, binding, by: command.by, via: command.via ?? 'terminal' },
    },
  ];
}

export function reject(context: RunContext, state: RunState, command: Of<'Reject'>): Decided {
  const approval = pendingApproval(state, command.approvalId);
  if ('refused' in approval) return approval;
  const reason = command.reason === undefined ? {} : { reason: command.reason };
  const { onReject, maxRedo } = ruleAt(context, approval.at);
  const mayRedo = onReject === 'redo' && (state.redo?.reasons.length ?? 0) < maxRedo;
  if (mayRedo || onReject === 'skip') {
    const follows = onReject === 'skip' ? 'skip' : 'redo';
    const { approvalId } = approval;
    return [{ type: 'ApprovalRejected', data: { approvalId, by: command.by, ...reason, follows } }];
  }
  const message = `rejected by ${command.by}${command.reason === undefined ? '' : `: ${command.reason}`}`;
  return [
    { type: 'ApprovalRejected', data: { approvalId: approval.approvalId, by: command.by, ...reason } },
    ...failRunningStage(state, 'rejected', message),
    { type: 'RunCancelled', data: { by: command.by, reason: message } },
  ];
}

/** Nobody decided in time: what the definition says for that case, and never a yes. */
export function expire(state: RunState, command: Of<'Expire'>): Decided {
  const approval = pendingApproval(state, command.approvalId);
  if ('refused' in approval) return approval;
  const { approvalId, expiresAt, onExpire: follows = 'cancel' } = approval;
  if (expiresAt === undefined || command.now < expiresAt)
    return refuse('approval-not-expired', `approval ${approvalId} has not expired`);
  const expired: RunEvent = { type: 'ApprovalExpired', data: { approvalId, follows } };
  if (follows === 'skip') return [expired];
  const reason = `nobody approved it by ${expiresAt}`;
  return [
    expired,
    ...failRunningStage(state, 'approval-expired', reason),
    { type: 'RunCancelled', data: { by: 'expiry', reason } },
  ];
}

export function cancel(context: RunContext, state: RunState, command: Of<'Cancel'>): Decided {
  if (isOver(state))
    return refuse(
      'run-over',
      `run ${state.runId} is ${state.status} already`,
      `Look: wf show ${state.runId}`,
    );
  const queued = context.definition.steps.flatMap((step) => {
    const effect = latestEffect(state, step.id);
    return effect?.dispatcher === 'manual' && effect.status === 'handed_off' ? [effect] : [];
  });
  const reason = command.reason === undefined ? {} : { reason: command.reason };
  return [
    ...queued.map(
      ({ effectId }): RunEvent => ({ type: 'TaskWithdrawn', data: { effectId, by: command.by } }),
    ),
    ...failRunningStage(state, 'cancelled', `cancelled by ${command.by}`),
    { type: 'RunCancelled', data: { by: command.by, ...reason } },
  ];
}

function failRunningStage(state: RunState, code: string, message: string): readonly RunEvent[] {
  if (state.current === null) return [];
  const stage = stageOf(state, state.current);
  if (stage.status !== 'running') return [];
  return [
    { type: 'StageFailed', data: { stage: stage.name, attempt: stage.attempts, error: { code, message } } },
  ];
}

/** Ends a doubt: the person looked, and it was sent or it was not. */
export function resolve(state: RunState, command: Of<'Resolve'>): Decided {
  const effect = state.effects.find((candidate) => candidate.status === 'unknown');
  if (effect === undefined || state.waiting?.for === 'retry') {
    return refuse(
      'nothing-in-doubt',
      `run ${state.runId} has no effect in doubt`,
      `Look: wf show ${state.runId}`,
    );
  }
  return [
    { type: 'EffectResolved', data: { effectId: effect.effectId, verdict: command.verdict, by: command.by } },
  ];
}

export function report(context: RunContext, state: RunState, command: Of<'Report'>): Decided {
  const effect = reportedEffect(context, state, command.step);
  if (effect === undefined) {
    const what =
      command.step === undefined
        ? 'nothing that could be reported on'
        : `nothing dispatched for step ${command.step}`;
    return refuse('nothing-to-report', `run ${state.runId} has ${what}`, `Look: wf show ${state.runId}`);
  }
  const contentHash = context.sha256(`${command.status}\n${command.text ?? ''}`);
  if (effect.report !== undefined) {
    if (effect.report.contentHash === contentHash) return [];
    return refuse(
      'report-differs',
      `another outcome was reported for run ${state.runId} at ${effect.report.at}`,
      `Look: wf show ${state.runId}`,
    );
  }
  if (isOver(state))
    return refuse('run-over', `run ${state.runId} is ${state.status}: a report cannot change it`);
  if (command.nonce !== undefined && command.nonce !== effect.nonce) {
    return refuse(
      'nonce-wrong',
      `that nonce does not belong to attempt ${effect.attempt} of step ${effect.step} of run ${state.runId}, which is the current one`,
      `A nonce is for whoever was given the brief: take the command line at the end of the newest one. At this home leave --nonce out: wf report ${state.runId} --file RESULT_FILE`,
    );
  }
  const refusal = notReportable(state, effect, command.nonce !== undefined);
  if (refusal !== null) return refusal;
  return [
    {
      type: 'OutcomeReported',
      data: {
        effectId: effect.effectId,
        status: command.status,
        ...(command.text === undefined ? {} : { text: command.text }),
        contentHash,
        by: command.by,
        withNonce: command.nonce !== undefined,
        salt: command.salt,
      },
    },
  ];
}

/** Of the step named, else the one that waits, else the last one dispatched. */
function reportedEffect(context: RunContext, state: RunState, step: string | undefined): Effect | undefined {
  if (step !== undefined) return latestEffect(state, step);
  const newest = context.definition.steps.flatMap((one) => latestEffect(state, one.id) ?? []);
  return (
    newest.find((effect) => effect.status === 'handed_off') ??
    newest.findLast((effect) => effect.status !== 'done' || effect.report !== undefined) ??
    newest.at(-1)
  );
}

function notReportable(state: RunState, effect: Effect, withNonce: boolean): Refusal | null {
  switch (effect.status) {
    case 'intended':
    case 'handed_off':
      return null;
    case 'unknown':
      return withNonce
        ? null
        : refuse(
            'in-doubt',
            `whether step ${effect.step} was dispatched is in doubt; a report without the brief's nonce does not end that`,
            `Look first, then: wf resolve ${state.runId} --sent or --not-sent`,
          );
    case 'done':
      return refuse('already-done', `step ${effect.step} of run ${state.runId} is done already`);
    case 'failed':
    case 'not_performed':
    case 'withdrawn':
      return refuse(
        'not-dispatched',
        `step ${effect.step} of run ${state.runId} is not with anybody (${effect.status})`,
        `Try again: wf resume ${state.runId}`,
      );
  }
}
