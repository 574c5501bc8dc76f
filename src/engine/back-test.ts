/**
 * What a proposal would have changed in messages that were dispatched already: each is rendered by the definition its run
 * was pinned to, and by the same definition with the proposed changes in it. Reads only.
 */
import { isRefusal } from '../errors.ts';
import type { DispatcherName } from '../events/run-events.ts';
import type { ImprovementChange } from '../events/workflow-events.ts';
import { editDefinition } from '../home/definition-edits.ts';
import { definitionFromBody } from '../home/definitions.ts';
import { type DiffLine, lineDiff } from '../projections/diff/line-diff.ts';
import type { RunContext } from '../workflow/context.ts';
import { inputFor } from '../workflow/input-fields.ts';
import { type ForetoldMessage, foretell } from '../workflow/replay/foretell.ts';
import { connectedIn } from '../workflow/replay/recorded-answers.ts';
import { pinnedBody } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { type RecordedRun, recordedRun } from './recorded-run.ts';

export type BackTestedMessage = {
  readonly runId: string;
  readonly step: string;
  readonly dispatcher: DispatcherName;
  /** Whole, with what would have gone and come; without a change in it, empty. */
  readonly lines: readonly DiffLine[];
};

export type BackTest = {
  /** Newest run first, at most as many as were asked for. */
  readonly messages: readonly BackTestedMessage[];
  readonly leftOut: readonly { readonly runId: string; readonly reason: string }[];
};

/** A program's argument vector and a request are no messages: no assumption goes with them. */
const isMessage = ({ dispatcher }: { readonly dispatcher: DispatcherName }): boolean =>
  dispatcher === 'manual' || dispatcher === 'openclaw' || dispatcher === 'agent';

/**
 * @param runIds of the workflow, newest first
 * @param last at most so many messages
 */
export async function backTest(
  ports: EnginePorts,
  runIds: Iterable<string>,
  changes: readonly ImprovementChange[],
  last: number,
): Promise<BackTest> {
  const messages: BackTestedMessage[] = [];
  const leftOut: { runId: string; reason: string }[] = [];
  for (const runId of runIds) {
    if (messages.length >= last) break;
    const found = await messagesOf(ports, runId, changes);
    if (typeof found === 'string') leftOut.push({ runId, reason: found });
    else messages.push(...found);
  }
  return { messages: messages.slice(0, last), leftOut };
}

async function messagesOf(
  ports: EnginePorts,
  runId: string,
  changes: readonly ImprovementChange[],
): Promise<readonly BackTestedMessage[] | string> {
  const recorded = await recordedRun(ports, runId);
  if (typeof recorded === 'string') return recorded;
  const { run, events } = recorded;
  const sent = run.effects.filter(isMessage);
  if (sent.length === 0) return [];
  const body = await pinnedBody(ports, run.workflowId, run.definitionHash);
  if (body === null) return 'the definition it ran with is not in the log';
  // A step that a change speaks of may not have been there yet.
  const changed = await editDefinition(body, changes).catch(() => null);
  if (changed === null) return 'the changes do not fit the definition it ran with';
  const [was, is] = [await contextWith(ports, recorded, body), await contextWith(ports, recorded, changed)];
  if (was === null || is === null) return 'the definition it ran with does not take its request';
  const [before, after] = [foretell(was, run, events).messages, foretell(is, run, events).messages];
  return sent.toReversed().flatMap(({ step, attempt, dispatcher }) => {
    const text = textIn(before, step, attempt);
    if (text === undefined) return [];
    const other = textIn(after, step, attempt) ?? '';
    return [{ runId, step, dispatcher, lines: text === other ? [] : lineDiff(text, other) }];
  });
}

const textIn = (messages: readonly ForetoldMessage[], step: string, attempt: number): string | undefined =>
  messages.find((message) => message.step === step && message.attempt === attempt)?.text;

async function contextWith(
  { home, sha256 }: EnginePorts,
  { run, input: text }: RecordedRun,
  body: string,
): Promise<RunContext | null> {
  const definition = await definitionFromBody(body);
  const input = inputFor(definition, text);
  if (isRefusal(input)) return null;
  return { definition, definitionHash: run.definitionHash, input, home, connected: connectedIn(run), sha256 };
}
