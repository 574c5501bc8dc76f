/** Why a request became a run, or did not: what a key's events say. Many same answers in a row are one sentence. */
import type { KeyEvent } from '../../events/key-events.ts';
import { type Sentence, say, short } from './sentence.ts';

export type NumberedKeyEvent = KeyEvent & { readonly seq: number; readonly ts: string };

/** What the key's stream says of one run: why it was claimed, and who was answered with it. */
export function keySentences(events: Iterable<NumberedKeyEvent>, runId: string): readonly Sentence[] {
  const sentences: Sentence[] = [];
  const earlier = new Set<string>();
  const reused: NumberedKeyEvent[] = [];
  for (const event of events) {
    const { seq, ts, data } = event;
    if (data.runId !== runId) {
      if (event.type === 'KeyClaimed') earlier.add(event.data.runId);
      continue;
    }
    if (event.type === 'RunReused') reused.push(event);
    else if (event.type === 'RunRefused') sentences.push({ seq, ts, ...refusedFor(event) });
    else sentences.push({ seq, ts, ...say('asked', claimed(event.data, [...earlier])) });
  }
  const last = reused.at(-1);
  if (last === undefined) return sentences;
  const text = `${answeredTimes(reused.length)} and answered with this run: nothing was started.`;
  return [...sentences, { seq: last.seq, ts: last.ts, ...say('reused', text) }];
}

const answeredTimes = (n: number): string =>
  n === 1 ? 'Asked for again' : `Asked for again ${n} times, this the last,`;

function claimed(
  data: Extract<KeyEvent, { type: 'KeyClaimed' }>['data'],
  earlier: readonly string[],
): string {
  if (data.runVersion > 0) return `Its key ${data.key} was free, so this run may go on for it.`;
  if (data.forced)
    return `It has the key ${data.key} by --force: runs that have it already were passed over.`;
  const before =
    earlier.length === 0
      ? 'nobody had asked for it before'
      : `${earlier.length === 1 ? `run ${earlier[0]} had` : `${earlier.length} runs had`} it before, and none of them answers for it any more`;
  return `It ran because its key ${data.key} was free: ${before}.`;
}

const refusedFor = (event: Extract<NumberedKeyEvent, { type: 'RunRefused' }>) =>
  say('refused', `A request was refused (${event.data.reason}): ${short(event.data.message)}.`);

export type NotRun = Sentence & {
  readonly workflowId: string;
  readonly key: string;
  /** The run that answered, or that was in the way. */
  readonly runId: string | null;
};

/** A request that started nothing, and why; null for an event that is none. */
export function notRun(event: NumberedKeyEvent): NotRun | null {
  const { seq, ts } = event;
  const { workflowId, key } = event.data;
  switch (event.type) {
    case 'KeyClaimed':
      return null;
    case 'RunReused': {
      const { runId, status } = event.data;
      const text = `Nothing was started: run ${runId} has this key and is ${status.replace('_', ' ')}, so it was the answer.`;
      return { seq, ts, workflowId, key, runId, ...say('reused', text) };
    }
    case 'RunRefused':
      return { seq, ts, workflowId, key, runId: event.data.runId ?? null, ...refusedFor(event) };
  }
}

/** A request that did become a run, which then is where to look. */
export function didRun({ seq, ts, data }: Extract<NumberedKeyEvent, { type: 'KeyClaimed' }>): NotRun {
  const { workflowId, key, runId } = data;
  return { seq, ts, workflowId, key, runId, ...say('asked', `It did run: the request became run ${runId}.`) };
}
