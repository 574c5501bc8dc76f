/** What somebody may want to be told of a run, as it is now: a fold of its state and of nothing else. */
import type { NotifyOn } from '../events/notify-events.ts';
import { ruleAt } from './approval-rules.ts';
import type { Definition, NotifyRule } from './definition.ts';
import type { Approval, RunState } from './state.ts';

export type Cause = {
  readonly on: NotifyOn;
  /** The same for as long as it is the same failure, question, doubt. */
  readonly id: string;
  /** ISO 8601. */
  readonly since: string;
  /** Until somebody does something about it. */
  readonly lasts: boolean;
  /** Asked again so often, whatever the rule says. */
  readonly remindAfterMs?: number;
};

/** @param definition the one the run is pinned to */
export function causesOf(definition: Definition, state: RunState): readonly Cause[] {
  // What the script engine did, and what was erased, is nobody's business any more.
  if (state.erased !== null || state.imported !== undefined) return [];
  const expired = state.approvals.flatMap(({ approvalId, status, decidedAt }): Cause[] =>
    status === 'expired' && decidedAt !== undefined
      ? [{ on: 'expired', id: `expired:${approvalId}`, since: decidedAt, lasts: false }]
      : [],
  );
  const now = causeNow(definition, state);
  return now === null ? expired : [...expired, now];
}

function causeNow(definition: Definition, state: RunState): Cause | null {
  const { status, waiting, finishedAt } = state;
  if (status === 'waiting') return waiting === null ? null : waitingFor(definition, state, waiting);
  if (status === 'running' || finishedAt === null) return null;
  const on = status === 'handed_off' ? 'handed-off' : status;
  // Each time it was taken up again it has another epoch, and ends anew.
  const lasts = status === 'failed' || status === 'handed_off';
  return { on, id: `${on}:${state.epoch}`, since: finishedAt, lasts };
}

function waitingFor(
  definition: Definition,
  state: RunState,
  { for: what, id, since }: NonNullable<RunState['waiting']>,
): Cause | null {
  switch (what) {
    case 'approval': {
      const approval = state.approvals.find(({ approvalId }) => approvalId === id);
      // Answered, and nobody has gone on yet: there is nothing left to ask.
      if (approval?.status !== 'pending') return null;
      const { remindAfterMs } = ruleAt({ definition }, approval.at);
      const remind = remindAfterMs === undefined ? {} : { remindAfterMs };
      return { on: 'waiting:approval', id: `approval:${id}`, since, lasts: true, ...remind };
    }
    case 'outcome': {
      const effect = state.effects.find(({ effectId }) => effectId === id);
      if (effect?.status !== 'handed_off') return null;
      return { on: 'waiting:outcome', id: `outcome:${id}`, since, lasts: true };
    }
    case 'unknown-effect': {
      const effect = state.effects.find(({ effectId }) => effectId === id);
      if (effect?.status !== 'unknown') return null;
      return { on: 'in-doubt', id: `in-doubt:${id}:${effect.doubts}`, since, lasts: true };
    }
    case 'retry':
      return null;
  }
}

/** The question a cause is about; undefined where it is none. */
export const approvalOf = (state: RunState, cause: Cause): Approval | undefined =>
  state.approvals.find(({ approvalId }) => cause.id.endsWith(`:${approvalId}`));

export const wants = ({ on }: NotifyRule, cause: Cause): boolean =>
  on.includes(cause.on) || (cause.on.startsWith('waiting:') && on.includes('waiting'));

/** How often it is told again; undefined = once. */
export function intervalMs({ repeatMs }: NotifyRule, cause: Cause): number | undefined {
  if (!cause.lasts) return undefined;
  const both = [repeatMs, cause.remindAfterMs].filter((ms) => ms !== undefined);
  return both.length === 0 ? undefined : Math.min(...both);
}
