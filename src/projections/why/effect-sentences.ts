/** What the events of one act mean: why it was begun so, why it is tried again, why it is not, why nobody knows. */
import type { RunEvent } from '../../events/run-events.ts';
import { mayCost } from '../../workflow/cost.ts';
import type { Effect, RunState } from '../../workflow/state.ts';
import { type Said, say, short } from './sentence.ts';

type Data<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>['data'];

/** @param state the run as it was before the event */
const stepOf = (state: RunState, effectId: string): string => effectOf(state, effectId)?.step ?? effectId;
const effectOf = (state: RunState, effectId: string): Effect | undefined =>
  state.effects.find((effect) => effect.effectId === effectId);

export function intended(data: Data<'EffectIntended'>): readonly Said[] {
  const again = data.attempt === 1 ? '' : `, attempt ${data.attempt}`;
  const under = data.approvalId === undefined ? '' : `, under the yes ${data.approvalId}`;
  const how = {
    command: 'was to be done by its command',
    manual: `became the task ${data.taskId ?? ''} for whoever takes it`,
    openclaw: `was to be queued for ${data.target ?? 'the assistant'}`,
    agent: `was to be done by the agent ${data.target ?? ''}`.trimEnd(),
    http: `was to be sent to ${data.target ?? 'its address'}`,
    message: `was to be sent as a message to ${data.target ?? 'its target'}`,
  }[data.dispatcher];
  return [say('act', `Step ${data.step} ${how}${again}${under}.`)];
}

export function confirmed(state: RunState, data: Data<'EffectConfirmed'>): readonly Said[] {
  const step = stepOf(state, data.effectId);
  const { by, exitCode, jobId } = data.receipt;
  const proof = {
    process: exitCode === undefined ? 'its program said so' : `exit code ${exitCode}`,
    response: 'its receiver answered so',
    files: 'the files that were to come of it are there',
    queue: jobId === undefined ? 'it is queued' : `job ${short(jobId)}`,
    lookup: 'nobody saw its end, so its receiver was asked and has it',
    human: 'a person vouches for it',
    report: 'whoever has it has reported',
  }[by];
  const cost = costSentence(state, data);
  if (data.outcome === 'done') return [say('act', `Step ${step} was done: ${proof}.${cost}`)];
  const waits = data.awaited === true ? ' The run waits here until its outcome is reported.' : '';
  return [say('act', `Step ${step} was handed over (${proof}): it is not known to be done.${waits}${cost}`)];
}

/** Of a turn of an assistant: what it cost, or that nobody said. */
function costSentence(state: RunState, { effectId, receipt }: Data<'EffectConfirmed'>): string {
  if (receipt.costUsd !== undefined) return ` It cost ${receipt.costUsd} USD, as its program says.`;
  const dispatcher = effectOf(state, effectId)?.dispatcher;
  return dispatcher !== undefined && mayCost(dispatcher)
    ? ' What it cost is not known, so no limit counts it.'
    : '';
}

export function failed(state: RunState, data: Data<'EffectFailed'>): readonly Said[] {
  const step = stepOf(state, data.effectId);
  const why = short(data.error.message);
  const { performed, retryAt } = data;
  const what = performed ? 'was performed and failed' : 'was certainly not performed';
  if (retryAt === undefined) {
    const end = performed
      ? 'What was performed is not repeated by itself.'
      : 'No further attempt is allowed.';
    return [say('act', `Step ${step} ${what}: ${why}. ${end}`)];
  }
  const may = performed
    ? 'Its author says that repeating it after this end does no harm'
    : 'Nothing happened, so trying again is safe';
  return [say('retry', `Step ${step} ${what}: ${why}. ${may}: the next attempt was due at ${retryAt}.`)];
}

export function unknown(state: RunState, data: Data<'EffectUnknown'>): readonly Said[] {
  const step = stepOf(state, data.effectId);
  const why = short(data.reason.message);
  const doubt = `Nobody can say whether step ${step} was performed: ${why}.`;
  if (data.retryAt !== undefined)
    return [
      say(
        'retry',
        `${doubt} It is declared idempotent, so it was to be done again with the same key at ${data.retryAt}.`,
      ),
    ];
  const then =
    data.awaitsFiles === true
      ? 'the files that were to come of it were to answer'
      : 'the run waits until somebody has looked';
  return [say('doubt', `${doubt} It was not repeated; ${then}.`)];
}

export function resolved(state: RunState, data: Data<'EffectResolved'>): readonly Said[] {
  const step = stepOf(state, data.effectId);
  const verdict =
    data.verdict === 'sent'
      ? 'did happen, so it was not repeated'
      : 'did not happen, so it was to be done anew';
  return [say('doubt', `${data.by} looked and said: step ${step} ${verdict}.`)];
}

export function reported(state: RunState, data: Data<'OutcomeReported'>): readonly Said[] {
  const step = stepOf(state, data.effectId);
  const words = data.text === undefined ? '' : `: ${short(data.text)}`;
  const proof = data.withNonce ? ', with the one-time word of its brief' : '';
  const what = data.status === 'ok' ? 'done' : 'failed';
  return [say('act', `${data.by} reported step ${step} as ${what}${proof}${words}`)];
}

export const withdrawn = (state: RunState, data: Data<'TaskWithdrawn'>): readonly Said[] => [
  say(
    'act',
    `${data.by} took the task of step ${stepOf(state, data.effectId)} back before anybody had begun it.`,
  ),
];
