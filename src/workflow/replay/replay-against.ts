/**
 * A recorded run decided again, with another definition or with today's code: the same requests, the same ends of its
 * effects, and the first event that comes out otherwise. Pure: there is no world here that could be reached.
 */
import { isRefusal } from '../../errors.ts';
import type { DispatcherName, RunEvent } from '../../events/run-events.ts';
import { isErased } from '../../events/upcast.ts';
import type { RunCommand } from '../command.ts';
import type { Connected, RunContext } from '../context.ts';
import { decide } from '../decide.ts';
import { evolve, type FoldableEvent, isExpiry } from '../evolve.ts';
import { planVerify } from '../stages/verify.ts';
import { noRun, type RunState } from '../state.ts';
import { commandOf } from './command-of.ts';
import { differingFields } from './same-event.ts';

export type Divergence = {
  /** Version in the run's stream of the recorded event; where the record ends, the one it would have had. */
  readonly n: number;
  /** Null where the record has nothing more. */
  readonly recorded: RunEvent | null;
  /** Null where nothing would be decided; `reason` says why. */
  readonly decided: RunEvent | null;
  /** Fields of the data that differ; empty when the events are of different types. */
  readonly fields: readonly string[];
  readonly reason?: string;
};

export type Replayed = {
  /** How many recorded events came out the same. */
  readonly same: number;
  readonly divergence: Divergence | null;
};

/** @param events the run's whole stream, nothing of it erased */
export function replayAgainst(context: RunContext, events: readonly FoldableEvent[]): Replayed {
  // Retention is no decision of the run, and the definition to decide by is the one that is given.
  const record = events.filter(({ type }) => !isExpiry(type) && type !== 'DefinitionAdopted');
  if (record.some((event) => isErased(event.data))) throw new Error('an erased run cannot be decided again');
  let state = noRun;
  let at = 0;
  const diverges = (
    divergence: Omit<Divergence, 'n'>,
    n = record[at]?.streamVersion ?? state.version + 1,
  ) => ({
    same: at,
    divergence: { n, ...divergence },
  });
  while (at < record.length) {
    const recorded = record[at] as FoldableEvent;
    const then = asItWas(context, record, at);
    const otherLook = lookDiffers(then, state, recorded);
    if (otherLook !== null)
      return diverges({ recorded, decided: null, fields: ['checks'], reason: otherLook });
    const ask = commandOf(then, state, record.slice(at));
    if (ask === null)
      return diverges({
        recorded,
        decided: null,
        fields: [],
        reason: 'nothing leads to this event from here',
      });
    const decided = decide(then, state, { ...ask, now: recorded.ts, salt: 'replayed' } as RunCommand);
    if (isRefusal(decided)) return diverges({ recorded, decided: null, fields: [], reason: decided.message });
    if (decided.length === 0)
      return diverges({ recorded, decided: null, fields: [], reason: 'nothing is decided here' });
    for (const event of decided) {
      const other = record[at];
      if (other === undefined) return diverges({ recorded: null, decided: event, fields: [] });
      const fields = other.type === event.type ? differingFields(other, event, context.sha256) : [];
      if (other.type !== event.type || fields.length > 0)
        return diverges({ recorded: other, decided: event, fields });
      state = evolve(state, { ...event, ts: other.ts, streamVersion: other.streamVersion });
      at += 1;
    }
  }
  return { same: at, divergence: null };
}

/** What was connected is an input too: the record says by its dispatchers what `auto` found. */
function asItWas(context: RunContext, record: readonly FoldableEvent[], at: number): RunContext {
  const event = record[at];
  const act =
    event?.type === 'EffectIntended'
      ? event.data
      : event?.type === 'ApprovalRequested'
        ? event.data.covers[0]
        : undefined;
  if (act === undefined) return context;
  return { ...context, connected: connectedFor(act.dispatcher, act.target) };
}

function connectedFor(dispatcher: DispatcherName, target: string | undefined): Connected {
  if (dispatcher === 'openclaw') return { openclaw: target === undefined ? {} : { agent: target } };
  return dispatcher === 'agent' && target !== undefined
    ? { agents: new Map([[target, { auto: true }]]) }
    : {};
}

/** A look at other files than the record has is no look that anybody made. */
function lookDiffers(context: RunContext, state: RunState, event: FoldableEvent): string | null {
  const checks =
    event.type === 'StageCompleted' && event.data.stage === 'verify'
      ? event.data.output.checks
      : event.type === 'StageFailed' && event.data.stage === 'verify'
        ? event.data.checks
        : undefined;
  if (checks === undefined || state.current !== 'verify') return null;
  const would = planVerify(context, state).files.map(({ file }) => file);
  const did = checks.map(({ file }) => file);
  return would.length === did.length && would.every((file, i) => file === did[i])
    ? null
    : `verify would look at ${would.join(', ') || 'no file'}, and looked at ${did.join(', ') || 'none'}`;
}
