/**
 * `decide(context, state, command) -> events | refusal`: the whole of the rules for a run. Pure: the same state and
 * command give the same events, which is what replay, the property tests and the retry after a conflict rest on.
 */
import { assertNever, isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Meta } from '../events/envelope.ts';
import type { RunEvent, StageName } from '../events/run-events.ts';
import { stageOfAct } from './acts.ts';
import { advance, completeStage, startStage } from './advance.ts';
import type { Fresh, OutsideCommand, OwnerCommand, RunCommand } from './command.ts';
import type { RunContext } from './context.ts';
import { reenter } from './continue.ts';
import { continueReason } from './continue-reason.ts';
import { refuseErased } from './erase.ts';
import { filesLooked } from './evidence.ts';
import { evolve, type FoldableEvent } from './evolve.ts';
import { approve, cancel, expire, reject, report, resolve } from './outside.ts';
import { withSalt } from './salt.ts';
import { beginStep, effectEnded } from './stages/act.ts';
import { verifyProblem } from './stages/verify.ts';
import { type RunState, stageOf } from './state.ts';

export type DecidedEvent = RunEvent & { readonly meta?: Meta };
type Decided = readonly RunEvent[] | Refusal;

export function decide(
  context: RunContext,
  state: RunState,
  command: RunCommand,
): readonly DecidedEvent[] | Refusal {
  if (state.erased !== null) return refuseErased(state, state.erased);
  if (!isOutside(command)) return owned(context, state, command);
  const decided = outside(context, state, command);
  return isRefusal(decided) ? decided : decided.map((event) => withSalt(event, command.salt));
}

function outside(context: RunContext, state: RunState, command: OutsideCommand & Fresh): Decided {
  switch (command.type) {
    case 'Approve':
      return approve(context, state, command);
    case 'Reject':
      return reject(context, state, command);
    case 'Expire':
      return expire(state, command);
    case 'Report':
      return report(context, state, command);
    case 'Resolve':
      return resolve(state, command);
    case 'Cancel':
      return cancel(context, state, command);
    default:
      return assertNever(command, 'command');
  }
}

const OUTSIDE: ReadonlySet<string> = new Set(['Approve', 'Reject', 'Expire', 'Report', 'Resolve', 'Cancel']);

const isOutside = (command: RunCommand): command is OutsideCommand & Fresh => OUTSIDE.has(command.type);

type Owned = OwnerCommand & Fresh;

/** Decides, then lets the run advance as far as it can without the world, and stamps the epoch on it all. */
function owned(context: RunContext, before: RunState, command: Owned): readonly DecidedEvent[] | Refusal {
  const events: DecidedEvent[] = [];
  let state = before;
  const take = (decided: readonly RunEvent[]): void => {
    for (const event of decided) {
      const salted = withSalt(event, command.salt);
      const stamped = beginsOwnership(event) ? salted : { ...salted, meta: { epoch: state.epoch } };
      events.push(stamped);
      state = evolve(state, provisional(stamped, state, command.now));
    }
  };
  const first = begin(context, before, command);
  if ('refused' in first) return first;
  take(first);
  if (command.type === 'Continue') {
    const more = reenter(context, state, before);
    if ('refused' in more) return more;
    take(more);
  }
  // Every turn starts, ends or leaves a stage; the bound only guards against a mistake of ours.
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const more = advance(context, state);
    if (more.length === 0) return events;
    take(more);
  }
  throw new Error(`run ${before.runId} does not come to rest`);
}

const MAX_TURNS = 64;

const beginsOwnership = (event: RunEvent): boolean =>
  event.type === 'RunStarted' ||
  event.type === 'RunResumed' ||
  event.type === 'RunLeased' ||
  event.type === 'TaskWithdrawn' ||
  event.type === 'DefinitionAdopted';

/** A decided event as evolve will see it once stored; its real `ts` is the append's. */
export const provisional = (event: DecidedEvent, state: RunState, now: string): FoldableEvent => ({
  ...event,
  ts: now,
  streamVersion: state.version + 1,
});

function begin(context: RunContext, state: RunState, command: Owned): Decided {
  switch (command.type) {
    case 'Start':
      return start(context, state, command);
    case 'Continue':
      return continueRun(context, state, command);
    case 'WithdrawTask':
      return withdraw(state, command);
    default:
      // What an act came to is recorded even when the run was cancelled meanwhile.
      if (state.lease === null && command.type !== 'EffectEnded')
        return refuse('not-leased', `nobody is at work on run ${state.runId}`);
      return inLease(context, state, command);
  }
}

function inLease(
  context: RunContext,
  state: RunState,
  command: Exclude<Owned, { type: 'Start' | 'Continue' | 'WithdrawTask' }>,
): Decided {
  switch (command.type) {
    case 'ToolsConfigured': {
      if (!isRunning(state, 'configure_tools')) return notDue(state, 'configure_tools');
      if (command.failed === undefined) return [completeStage(state, 'configure_tools', command.output)];
      const attempt = stageOf(state, 'configure_tools').attempts;
      return [{ type: 'StageFailed', data: { stage: 'configure_tools', attempt, error: command.failed } }];
    }
    case 'BeginStep':
      if (!isRunning(state, stageOfAct(command.step))) return notDue(state, stageOfAct(command.step));
      return beginStep(context, state, command);
    case 'EffectEnded':
      return effectEnded(context, state, command);
    case 'FilesLooked':
      return filesLooked(state, command);
    case 'Verified': {
      if (!isRunning(state, 'verify')) return notDue(state, 'verify');
      const problem = verifyProblem(command);
      const { checks, outcome } = command;
      const attempt = stageOf(state, 'verify').attempts;
      if (problem !== undefined) {
        const error = { code: 'verify-failed', message: problem };
        return [{ type: 'StageFailed', data: { stage: 'verify', attempt, error, checks } }];
      }
      const handedOver = stageOf(state, 'execute').output as { outcome?: string } | null;
      const mode = handedOver?.outcome === 'handed_off' ? 'hand-over' : 'work';
      return [
        completeStage(state, 'verify', {
          mode,
          ok: true,
          checks,
          ...(outcome === undefined ? {} : { outcome }),
        }),
      ];
    }
    case 'Analysed':
      if (!isRunning(state, 'log')) return notDue(state, 'log');
      return [completeStage(state, 'log', { logged: true, selfImprove: command.output })];
    default:
      return assertNever(command, 'command');
  }
}

const isRunning = (state: RunState, stage: StageName): boolean =>
  state.current === stage &&
  stageOf(state, stage).status === 'running' &&
  (state.status === 'running' || (state.status === 'waiting' && state.waiting?.for === 'retry'));

const notDue = (state: RunState, stage: string): Refusal =>
  refuse('stage-not-due', `stage ${stage} of run ${state.runId} is not running`);

function start(context: RunContext, state: RunState, command: Extract<Owned, { type: 'Start' }>): Decided {
  if (state.version !== 0) return refuse('run-exists', `run ${command.runId} exists already`);
  const { runId, key, inputHash, redactions, forced, requestedRoute, by, slot, owner, salt } = command;
  return [
    {
      type: 'RunStarted',
      data: {
        runId,
        workflowId: context.definition.id,
        definitionHash: context.definitionHash,
        key,
        inputHash,
        input: context.input.text,
        redactions,
        forced,
        ...(requestedRoute === undefined ? {} : { requestedRoute }),
        ...(by === undefined ? {} : { by }),
        ...(slot === undefined ? {} : { slot }),
        salt,
      },
    },
    { type: 'RunLeased', data: { owner } },
  ];
}

function continueRun(
  context: RunContext,
  state: RunState,
  command: Extract<Owned, { type: 'Continue' }>,
): Decided {
  if (state.version === 0) return refuse('run-unknown', 'there is no such run');
  const reason = continueReason(context, state);
  if (reason === null)
    return refuse(
      'not-continuable',
      `run ${state.runId} is ${state.status}${state.waiting === null ? '' : ` (${state.waiting.for})`}`,
    );
  const adopted: RunEvent[] =
    command.adopt === undefined || command.adopt === state.definitionHash
      ? []
      : [
          {
            type: 'DefinitionAdopted',
            data: { definitionHash: command.adopt, previous: state.definitionHash },
          },
        ];
  return [
    { type: 'RunResumed', data: { reason, by: command.by } },
    ...adopted,
    { type: 'RunLeased', data: { owner: command.owner } },
  ];
}

/** Takes an untouched task back so that it can be dispatched to what is connected now. */
function withdraw(state: RunState, command: Extract<Owned, { type: 'WithdrawTask' }>): Decided {
  const effect = state.effects.find((candidate) => candidate.effectId === command.effectId);
  if (state.status !== 'handed_off' || effect?.dispatcher !== 'manual' || effect.status !== 'handed_off') {
    return refuse(
      'task-touched',
      `the task of run ${state.runId} was reported on or withdrawn already`,
      `Look: wf show ${state.runId}`,
    );
  }
  return [
    { type: 'TaskWithdrawn', data: { effectId: effect.effectId, by: command.by } },
    { type: 'RunResumed', data: { reason: 'task-withdrawn', by: command.by } },
    { type: 'RunLeased', data: { owner: command.owner } },
    startStage(state, 'execute'),
  ];
}
