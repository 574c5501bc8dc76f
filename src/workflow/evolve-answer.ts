/**
 * What became of a question to a person: a yes, a no, no answer in time, or a question that nobody needs any more. Only
 * a pending one can be answered, whatever the log holds.
 */
import type { FoldableEvent } from './evolve.ts';
import { type Approval, type RunState, stageOf } from './state.ts';

type Answer = Extract<FoldableEvent, { type: 'ApprovalGranted' | 'ApprovalRejected' | 'ApprovalExpired' }>;

export function evolveAnswer(state: RunState, { type, data, ts: decidedAt }: Answer): RunState {
  const { approvalId } = data;
  if (!isPending(state, approvalId)) return state;
  switch (type) {
    case 'ApprovalGranted':
      return changeApproval(state, approvalId, (approval) =>
        // A grant names what it grants: one for other bytes grants nothing.
        approval.binding === data.binding
          ? { ...approval, status: 'granted', by: data.by, decidedAt }
          : approval,
      );
    case 'ApprovalRejected': {
      const { by, reason, follows } = data;
      const rejected = changeApproval(state, approvalId, (approval) => ({
        ...approval,
        status: 'rejected',
        by,
        decidedAt,
        ...(reason === undefined ? {} : { reason }),
      }));
      if (follows === 'skip') return skip(rejected, approvalId);
      return follows === 'redo' ? sentBack(rejected, reason ?? '') : rejected;
    }
    case 'ApprovalExpired': {
      const expired = changeApproval(state, approvalId, (approval) => ({
        ...approval,
        status: 'expired',
        decidedAt,
      }));
      return data.follows === 'skip' ? skip(expired, approvalId) : expired;
    }
  }
}

function changeApproval(state: RunState, id: string, change: (approval: Approval) => Approval): RunState {
  return { ...state, approvals: state.approvals.map((a) => (a.approvalId === id ? change(a) : a)) };
}

const isPending = (state: RunState, id: string): boolean =>
  state.approvals.some((approval) => approval.approvalId === id && approval.status === 'pending');

/** The acts that were asked about are gone without. */
const skip = (state: RunState, approvalId: string): RunState => ({
  ...state,
  skipped: [
    ...state.skipped,
    ...state.approvals
      .filter((approval) => approval.approvalId === approvalId)
      .flatMap((approval) => approval.covers.map((cover) => cover.step)),
  ],
});

/** The work is to be done again, from the next attempt of execute on. */
const sentBack = (state: RunState, reason: string): RunState => ({
  ...state,
  redo: {
    fromAttempt: stageOf(state, 'execute').attempts + 1,
    reasons: [...(state.redo?.reasons ?? []), reason],
  },
});

/** Takes back questions without an answer, and grants that nothing has been done under. */
export const lapse = (state: RunState, statuses: readonly Approval['status'][]): readonly Approval[] =>
  state.approvals.map((approval) =>
    statuses.includes(approval.status) && !isUsed(state, approval)
      ? { ...approval, status: 'lapsed' }
      : approval,
  );

const isUsed = (state: RunState, approval: Approval): boolean =>
  state.effects.some(
    (effect) =>
      effect.approvalId === approval.approvalId &&
      effect.status !== 'not_performed' &&
      effect.status !== 'withdrawn',
  );
