/** `wf why`: why a run went as it did, or (`--not`) why nothing ran: sentences read from the log, each with its seq. */

import { streamOfKey } from '../engine/key-claims.ts';
import { asRunEvent } from '../engine/load-run.ts';
import { pauseOf } from '../engine/pause-gate.ts';
import { pauseText } from '../engine/paused-error.ts';
import { ExitCode, usageError } from '../errors.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { KeyEvent } from '../events/key-events.ts';
import type { NotifyEvent } from '../events/notify-events.ts';
import { notifyStream, runStream } from '../events/streams.ts';
import { keySentences, type NumberedKeyEvent } from '../projections/why/key-sentences.ts';
import { type NumberedNotifyEvent, noticeSentences } from '../projections/why/notice-sentences.ts';
import { nowOf } from '../projections/why/now.ts';
import { type NumberedRunEvent, runSentences } from '../projections/why/run-sentences.ts';
import { foldRun } from '../workflow/evolve.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { printJson } from './render/list.ts';
import { statusText } from './render/status-mark.ts';
import { sentenceLines } from './render/why-text.ts';
import { runUnknown } from './run-unknown.ts';
import { type Invocation, option } from './verb.ts';
import { whyNot } from './why-not.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const not = option(invocation, 'not');
  const [named] = invocation.args;
  if (not !== undefined && named !== undefined)
    throw usageError('why-both', 'a run and --not are two questions', {
      where: '--not',
      hint: 'Ask one of them: wf why last, or wf why --not last',
    });
  if (not !== undefined) return whyNot(invocation, not);
  if (named === undefined)
    throw usageError('why-what', 'why what? Neither a run nor --not was given', {
      hint: 'For example: wf why last, or wf why --not last',
    });
  return whyRun(invocation, named);
}

async function whyRun(invocation: Invocation, named: string): Promise<ExitCode> {
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(invocation, named);
  const runId = await resolveRun(home, named);
  const events: NumberedRunEvent[] = [];
  for await (const event of home.store.read(runStream(runId)))
    events.push({ ...asRunEvent(event), seq: event.seq });
  const state = foldRun(events);
  const keyEvents: NumberedKeyEvent[] = [];
  for await (const event of home.store.read(streamOfKey(home.ports, state.workflowId, state.key)))
    keyEvents.push(asKeyEvent(event));
  const notices: NumberedNotifyEvent[] = [];
  for await (const event of home.store.read(notifyStream(runId)))
    notices.push(event as StoredEvent<NotifyEvent> & NumberedNotifyEvent);
  const sentences = [
    ...runSentences(events),
    ...keySentences(keyEvents, runId),
    ...noticeSentences(notices),
  ].sort((a, b) => a.seq - b.seq);
  const pause = state.status === 'completed' ? null : await pauseOf(home.ports, state.workflowId);
  const now = `${nowOf(state)}${pause === null ? '' : ` It is held: ${pauseText(pause)}.`}`;
  if (invocation.json) {
    printJson(invocation, {
      schema: 'wf.why/1',
      runId,
      workflowId: state.workflowId,
      status: state.status,
      sentences,
      now,
    });
  } else {
    const head = `run ${runId}: ${statusText(state.status, state.waiting?.for ?? null)}`;
    invocation.io.out(`${head}\n${sentenceLines(sentences)}  now     ${now}\n`);
  }
  return ExitCode.ok;
}

/** A key's stream holds key events only: the store has checked type and version. */
export const asKeyEvent = (event: StoredEvent): NumberedKeyEvent =>
  event as StoredEvent<KeyEvent> & NumberedKeyEvent;
