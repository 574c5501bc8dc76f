/**
 * `evolve(state, event)`: the fold of a run. Total: an event that does not apply changes nothing but the version,
 * so that no history, however odd, can make a run unreadable.
 */
import type { RunEvent, StageName } from '../events/run-events.ts';
import { isErased } from '../events/upcast.ts';
import { stageOfAct } from './acts.ts';
import { evolveAnswer, lapse } from './evolve-answer.ts';
import { withoutSalt } from './salt.ts';
import {
  type Approval,
  type Effect,
  ERASED_TEXT,
  noRun,
  type RunState,
  type StageState,
  stageOf,
} from './state.ts';

/** What evolve needs of a stored event; a decided one is given the version and time it is about to get. */
export type FoldableEvent = RunEvent & {
  readonly ts: string;
  readonly streamVersion: number;
  readonly meta?: { readonly epoch?: number; readonly occurredAt?: string };
};

export function evolve(before: RunState, event: FoldableEvent): RunState {
  const next = apply(before, withoutSalt(event));
  // What retention removes is no change of the run itself: it stays as old as it is.
  const updatedAt = isExpiry(event.type) ? before.updatedAt : happenedAt(event);
  return { ...next, version: event.streamVersion, updatedAt };
}

// For imported facts the time they had where they come from: the line's own is the time of the import.
export const happenedAt = (event: {
  readonly ts: string;
  readonly meta?: { readonly occurredAt?: string };
}): string => event.meta?.occurredAt ?? event.ts;

/** Of events by which retention gives something up: they say nothing about the work. */
export const isExpiry = (type: string): boolean => type === 'ArtifactsExpired' || type === 'RunFilesExpired';

export const foldRun = (events: Iterable<FoldableEvent>, from: RunState = noRun): RunState => {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
};

function apply(state: RunState, event: FoldableEvent): RunState {
  // Whether the data before it is still there or not, a run that was erased is what RunErased says, and stays so.
  if (event.type === 'RunErased') return state.erased === null ? erased(event) : state;
  if (isErased(event.data) || (state.erased !== null && !isExpiry(event.type))) return state;
  if (event.type === 'RunStarted') return state.runId === '' ? started(state, event) : state;
  if (event.type === 'RunImported') return state.runId === '' ? imported(state, event.data) : state;
  // Every other event speaks of a run that exists.
  if (state.runId === '') return state;
  const { ts } = event;
  switch (event.type) {
    case 'RunLeased':
      return {
        ...state,
        lease: { owner: event.data.owner, epoch: event.streamVersion },
        epoch: event.streamVersion,
      };
    case 'RunResumed':
      return {
        ...state,
        status: 'running',
        outcome: null,
        waiting: null,
        finishedAt: null,
        error: null,
        lease: null,
        filesExpired: null,
      };
    case 'DefinitionAdopted':
      return {
        ...state,
        definitionHash: event.data.definitionHash,
        approvals: state.approvals.map((a) =>
          a.status === 'granted' ? { ...a, status: 'lapsed' as const } : a,
        ),
      };
    case 'StageStarted':
      return changeStage({ ...state, current: event.data.stage }, event.data.stage, (stage) => ({
        ...stage,
        status: 'running',
        attempts: event.data.attempt,
        startedAt: ts,
        finishedAt: null,
        error: null,
      }));
    case 'StageCompleted':
      return changeStage(state, event.data.stage, (stage) => ({
        ...stage,
        status: 'completed',
        finishedAt: ts,
        output: event.data.output,
      }));
    case 'StageFailed':
      return changeStage(state, event.data.stage, (stage) => ({
        ...stage,
        status: 'failed',
        finishedAt: ts,
        error: event.data.error,
      }));
    case 'EffectIntended': {
      const { data } = event;
      if (known(state, data.effectId)) return state;
      const effect: Effect = {
        ...data,
        stageAttempt: stageOf(state, stageOfAct(data.step)).attempts,
        epoch: event.meta?.epoch ?? state.epoch,
        ...(state.lease === null ? {} : { intender: state.lease.owner }),
        intendedAt: ts,
        endedAt: null,
        status: 'intended',
        doubts: 0,
      };
      return { ...running(state), effects: [...state.effects, effect] };
    }
    case 'EffectConfirmed': {
      const { effectId, outcome, receipt, awaited, ...output } = event.data;
      const changed = changeEffect(running(state), effectId, (effect) => ({
        ...withoutRetry(effect),
        ...output,
        receipt,
        status: effect.report === undefined ? outcome : reportedStatus(effect.report.status),
        endedAt: ts,
      }));
      const reported = changed.effects.some((e) => e.effectId === effectId && e.report !== undefined);
      return awaited === true && !reported && changed.status === 'running'
        ? stop({ ...changed, status: 'waiting', waiting: { for: 'outcome', id: effectId, since: ts } })
        : changed;
    }
    case 'EffectFailed': {
      const { effectId, performed, exitCode: _exitCode, ...rest } = event.data;
      const changed = changeEffect(running(state), effectId, (effect) => ({
        ...withoutRetry(effect),
        ...rest,
        status: performed ? 'failed' : 'not_performed',
        ...(rest.retryAt === undefined ? { gaveUp: true as const } : {}),
        endedAt: ts,
      }));
      return rest.retryAt === undefined ? changed : waitForRetry(changed, effectId, ts, rest.retryAt);
    }
    case 'EffectUnknown': {
      const { effectId, reason, ...rest } = event.data;
      const changed = changeEffect(running(state), effectId, (effect) => ({
        ...withoutRetry(effect),
        ...rest,
        error: reason,
        status: 'unknown',
        doubts: effect.doubts + 1,
        endedAt: ts,
      }));
      if (!known(changed, effectId) || isTerminal(changed)) return changed;
      if (rest.retryAt !== undefined) return waitForRetry(changed, effectId, ts, rest.retryAt);
      if (rest.awaitsFiles === true) return changed;
      return stop({
        ...changed,
        status: 'waiting',
        waiting: { for: 'unknown-effect', id: effectId, since: ts },
      });
    }
    case 'EffectResolved':
      return changeEffect(state, event.data.effectId, (effect) =>
        event.data.verdict === 'sent'
          ? { ...effect, status: sentStatus(effect), receipt: { by: 'human' }, endedAt: ts }
          : { ...effect, status: 'not_performed', endedAt: ts },
      );
    case 'ApprovalRequested': {
      const approval: Approval = { ...event.data, requestedAt: ts, status: 'pending' };
      return stop({
        ...state,
        // Only the newest question can be answered: an older yes must not turn up later as a spare one.
        approvals: [...lapse(state, ['pending', 'granted']), approval],
        status: 'waiting',
        waiting: { for: 'approval', id: approval.approvalId, since: ts },
      });
    }
    case 'ApprovalGranted':
    case 'ApprovalRejected':
    case 'ApprovalExpired':
      return evolveAnswer(state, event);
    case 'OutcomeReported': {
      const { effectId, status, text, contentHash, by } = event.data;
      return changeEffect(state, effectId, (effect) => ({
        ...effect,
        report: { status, contentHash, by, at: ts, ...(text === undefined ? {} : { text }) },
        // While the act itself is still open its own end comes first; see EffectConfirmed.
        status: effect.status === 'intended' ? 'intended' : reportedStatus(status),
      }));
    }
    case 'TaskWithdrawn':
      return changeEffect(state, event.data.effectId, (effect) => ({
        ...effect,
        status: 'withdrawn',
        endedAt: ts,
      }));
    case 'RunCompleted':
      return finish(state, 'completed', event.data.outcome, ts);
    case 'RunHandedOff':
      return finish(state, 'handed_off', 'handed_off', ts);
    case 'RunFailed': {
      const { stage, step, error } = event.data;
      const failed = finish(state, 'failed', 'failed', ts);
      return {
        ...failed,
        approvals: lapse(state, ['pending']),
        error: { ...error, stage, ...(step === undefined ? {} : { step }) },
      };
    }
    case 'RunCancelled':
      return {
        ...finish(state, 'cancelled', state.outcome, ts),
        approvals: lapse(state, ['pending', 'granted']),
      };
    case 'ArtifactsExpired':
      return { ...state, artifactsExpired: { at: ts, keep: event.data.keep } };
    case 'RunFilesExpired':
      return { ...state, filesExpired: { at: ts, keep: event.data.keep } };
    default:
      return unknownEvent(state, event);
  }
}

/** Stores hand over only known types; a newer one that slipped through changes nothing. */
const unknownEvent = (state: RunState, _event: never): RunState => state;

function started(state: RunState, event: Extract<FoldableEvent, { type: 'RunStarted' }>): RunState {
  const { salt: _salt, requestedRoute, by, ...data } = event.data;
  return {
    ...state,
    ...data,
    ...(requestedRoute === undefined ? {} : { requestedRoute }),
    ...(by === undefined ? {} : { by }),
    status: 'running',
    createdAt: event.ts,
  };
}

function erased(event: Extract<FoldableEvent, { type: 'RunErased' }>): RunState {
  const { by: _by, outcome = null, route = null, ...data } = event.data;
  return { ...noRun, ...data, outcome, input: ERASED_TEXT, erased: { at: event.ts, route } };
}

// A run this program did not see. What its stages had left is in its record, and is shown from there.
function imported(state: RunState, data: Extract<FoldableEvent, { type: 'RunImported' }>['data']): RunState {
  const { salt: _salt, status, finishedAt, stages, error, route, stdout, body, ...rest } = data;
  return {
    ...state,
    ...rest,
    status,
    // It was dispatched; whether the work was done nobody ever told the script engine.
    outcome: status === 'completed' ? 'unreported' : 'failed',
    finishedAt,
    stopped: true,
    error: error ?? null,
    current: stages.findLast((stage) => stage.attempts > 0)?.stage ?? null,
    stages: state.stages.map((before) => {
      const { stage: _stage, error: message, ...found } = stages.find((s) => s.stage === before.name) ?? {};
      return { ...before, ...found, error: message === undefined ? null : { code: 'legacy', message } };
    }),
    imported: {
      body,
      ...(route === undefined ? {} : { route }),
      ...(stdout === undefined ? {} : { stdout }),
    },
  };
}

/** What "it happened" means: a program that ran has done it, a hand-over that went out still has to be reported. */
const sentStatus = (effect: Effect): 'done' | 'handed_off' =>
  effect.awaits === 'auto' && effect.dispatcher !== 'openclaw' ? 'done' : 'handed_off';

const reportedStatus = (status: 'ok' | 'error'): 'done' | 'failed' => (status === 'ok' ? 'done' : 'failed');

const isTerminal = (state: RunState): boolean =>
  state.status === 'completed' || state.status === 'failed' || state.status === 'cancelled';

/** Ends the lease: from here on nobody works on the run until somebody leases it again. */
const stop = (state: RunState): RunState => ({ ...state, lease: null, stopped: true });

const finish = (
  state: RunState,
  status: 'completed' | 'handed_off' | 'failed' | 'cancelled',
  outcome: RunState['outcome'],
  ts: string,
): RunState => ({ ...stop(state), status, outcome, waiting: null, finishedAt: ts });

/** Whatever moves the run's effects on ends a retry wait. */
const running = (state: RunState): RunState =>
  state.status === 'waiting' && state.waiting?.for === 'retry'
    ? { ...state, status: 'running', waiting: null }
    : state;

/** A retry wait keeps the lease: its owner sleeps until then. */
const waitForRetry = (state: RunState, id: string, since: string, until: string): RunState =>
  isTerminal(state) ? state : { ...state, status: 'waiting', waiting: { for: 'retry', id, since, until } };

const withoutRetry = (effect: Effect): Effect => {
  const { retryAt: _retryAt, awaitsFiles: _awaitsFiles, ...rest } = effect;
  return rest;
};

function changeStage(state: RunState, name: StageName, change: (stage: StageState) => StageState): RunState {
  return { ...state, stages: state.stages.map((stage) => (stage.name === name ? change(stage) : stage)) };
}

const known = (state: RunState, id: string): boolean =>
  state.effects.some((effect) => effect.effectId === id);

function changeEffect(state: RunState, id: string, change: (effect: Effect) => Effect): RunState {
  if (!known(state, id)) return state;
  return {
    ...state,
    effects: state.effects.map((effect) => (effect.effectId === id ? change(effect) : effect)),
  };
}
