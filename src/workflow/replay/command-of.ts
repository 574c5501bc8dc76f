/**
 * Which command a recorded event answers: what somebody asked, or what the world came to, with nothing added. Replay
 * hands it to the decider again, so that the world is never asked a second time.
 */
import type { RunEvent } from '../../events/run-events.ts';
import type { RunCommand } from '../command.ts';
import type { RunContext } from '../context.ts';
import type { EffectResult } from '../effects.ts';
import type { FoldableEvent } from '../evolve.ts';
import { next } from '../next.ts';
import type { RunState } from '../state.ts';

type Ask = RunCommand extends infer C ? (C extends RunCommand ? Omit<C, 'now' | 'salt'> : never) : never;
type Data<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>['data'];

/** Later than every deadline: what was waited for in the record had come. */
const AFTER_ALL = '9999-12-31T00:00:00.000Z';

/** @param events from the event on; null when nothing anybody asks leads to it in this state */
export function commandOf(
  context: RunContext,
  state: RunState,
  events: readonly FoldableEvent[],
): Ask | null {
  const [event] = events;
  switch (event?.type) {
    case 'RunStarted': {
      const { runId, key, inputHash, redactions, forced, requestedRoute, by, slot } = event.data;
      const owner = ownerIn(events);
      if (owner === null) return null;
      const asked = { runId, key, inputHash, redactions, forced, owner };
      const route = requestedRoute === undefined ? {} : { requestedRoute };
      const whence = { ...(by === undefined ? {} : { by }), ...(slot === undefined ? {} : { slot }) };
      return { type: 'Start', ...asked, ...route, ...whence };
    }
    case 'RunResumed': {
      const owner = ownerIn(events);
      return owner === null ? null : { type: 'Continue', owner, by: event.data.by };
    }
    case 'TaskWithdrawn': {
      const owner = ownerIn(events);
      const { effectId, by } = event.data;
      const isWithdrawal = events[1]?.type === 'RunResumed' && owner !== null;
      return isWithdrawal ? { type: 'WithdrawTask', effectId, owner, by } : cancelIn(events);
    }
    case 'StageCompleted':
      return completed(event.data);
    case 'StageFailed':
      return stageFailed(event.data, events);
    case 'ApprovalRequested':
    case 'EffectIntended':
      return begun(context, state, event);
    case 'EffectConfirmed':
    case 'EffectFailed':
    case 'EffectUnknown':
      return { type: 'EffectEnded', effectId: event.data.effectId, result: resultOf(event) };
    case 'ApprovalGranted': {
      const { approvalId, by, via } = event.data;
      return { type: 'Approve', approvalId, by, isOwner: true, ...(via === 'library' ? { via } : {}) };
    }
    case 'ApprovalRejected': {
      const { approvalId, by, reason } = event.data;
      return { type: 'Reject', approvalId, by, ...(reason === undefined ? {} : { reason }) };
    }
    case 'ApprovalExpired':
      return { type: 'Expire', approvalId: event.data.approvalId };
    case 'OutcomeReported':
      return reported(state, event.data);
    case 'EffectResolved':
      return { type: 'Resolve', verdict: event.data.verdict, by: event.data.by };
    case 'RunCancelled':
      return cancelIn(events);
    default:
      return null;
  }
}

const ownerIn = (events: readonly FoldableEvent[]) => {
  const leased = events.slice(1, 4).find((event) => event.type === 'RunLeased');
  return leased?.type === 'RunLeased' ? leased.data.owner : null;
};

function cancelIn(events: readonly FoldableEvent[]): Ask | null {
  const cancelled = events.find((event) => event.type === 'RunCancelled');
  if (cancelled?.type !== 'RunCancelled') return null;
  const { by, reason } = cancelled.data;
  return { type: 'Cancel', by, ...(reason === undefined ? {} : { reason }) };
}

function completed(data: Data<'StageCompleted'>): Ask | null {
  switch (data.stage) {
    case 'configure_tools':
      return { type: 'ToolsConfigured', output: data.output };
    case 'verify': {
      const { checks, outcome } = data.output;
      return { type: 'Verified', checks, ...(outcome === undefined ? {} : { outcome }) };
    }
    case 'log':
      return data.output.selfImprove === undefined
        ? null
        : { type: 'Analysed', output: data.output.selfImprove };
    default:
      return null;
  }
}

function stageFailed(data: Data<'StageFailed'>, events: readonly FoldableEvent[]): Ask | null {
  const { stage, error, checks } = data;
  if (error.code === 'cancelled') return cancelIn(events);
  if (stage === 'configure_tools')
    return { type: 'ToolsConfigured', output: { configured: [], skipped: [] }, failed: error };
  if (stage !== 'verify' || checks === undefined) return null;
  // The look at the answer is kept as words of the error only.
  const problem = /(?:^|; )the answer (.*)$/.exec(error.message)?.[1];
  return { type: 'Verified', checks, ...(problem === undefined ? {} : { outcome: { ok: false, problem } }) };
}

/** What comes next is this decider's own choice; only the one-time word and the files' bytes are the record's. */
function begun(
  context: RunContext,
  state: RunState,
  event: Extract<FoldableEvent, { type: 'ApprovalRequested' | 'EffectIntended' }>,
): Ask | null {
  const due = next(context, state, AFTER_ALL);
  if (due.type !== 'perform' || due.effect.kind !== 'begin-step') return null;
  const nonce = event.type === 'EffectIntended' ? (event.data.nonce ?? '') : '';
  const bound = state.approvals.findLast(({ status }) => status === 'granted')?.files;
  const files = event.type === 'ApprovalRequested' ? event.data.files : bound;
  return { type: 'BeginStep', step: due.effect.step, nonce, ...(files === undefined ? {} : { files }) };
}

function resultOf(
  event: Extract<FoldableEvent, { type: 'EffectConfirmed' | 'EffectFailed' | 'EffectUnknown' }>,
): EffectResult {
  // Long texts stay references, as the log has them: the decider hands them on and never looks inside.
  switch (event.type) {
    case 'EffectConfirmed': {
      const { effectId: _effectId, awaited, salt: _salt, ...rest } = event.data;
      // A doubt that the report ended is never waited for again; a look at the receiver says what any end says.
      if (rest.receipt.by === 'report' && awaited === undefined)
        return { result: 'unknown', reason: { code: 'replayed', message: 'its end was not seen' } };
      return { result: 'confirmed', ...rest } as EffectResult;
    }
    case 'EffectFailed': {
      const { effectId: _effectId, retryAt, salt: _salt, ...rest } = event.data;
      return { result: 'failed', retryable: retryAt !== undefined, ...rest } as EffectResult;
    }
    case 'EffectUnknown': {
      const { effectId: _effectId, retryAt: _retryAt, salt: _salt, ...rest } = event.data;
      return { result: 'unknown', ...rest } as EffectResult;
    }
  }
}

function reported(state: RunState, data: Data<'OutcomeReported'>): Ask {
  const effect = state.effects.find(({ effectId }) => effectId === data.effectId);
  const { status, by, text } = data;
  return {
    type: 'Report',
    status,
    by,
    ...(effect === undefined ? {} : { step: effect.step }),
    ...(text === undefined ? {} : { text: text as string }),
    ...(data.withNonce && effect?.nonce !== undefined ? { nonce: effect.nonce } : {}),
  };
}
