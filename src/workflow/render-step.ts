/**
 * What a step dispatches, rendered from the definition and the run: the same text for the preview, the approval's
 * binding and the act itself, so that what was approved is what is sent.
 */

import { bug } from '../errors.ts';
import type { DispatcherName } from '../events/run-events.ts';
import { stageOfAct } from './acts.ts';
import { renderBrief } from './brief.ts';
import { artifactsOf, type RunContext } from './context.ts';
import type { Step } from './definition.ts';
import { DEFAULT_TO } from './definition-defaults.ts';
import { type HttpRequest, previewHttp, renderHttp } from './http-request.ts';
import { opsGated, withoutOps } from './ops-gate.ts';
import { type BoundFile, outputOf, type RunState } from './state.ts';
import { expand } from './template.ts';

export type RenderedStep = {
  readonly step: Step;
  readonly dispatcher: DispatcherName;
  readonly target?: string;
  /** Program and arguments for `command`, else empty. */
  readonly argv: readonly string[];
  /** What a person reads before saying yes: the message, or the command line. */
  readonly preview: string;
  /** The rendered message, for dispatchers that send one. */
  readonly message: string;
  readonly http?: HttpRequest;
  /** Absolute path of the file whose bytes are sent. */
  readonly sendFile?: string;
  /** The task as the child sees it, `OPS: ` included on the ops route. */
  readonly task: string;
};

/** Identity of one attempt; blank for an approval, which covers later attempts too. */
export type Attempt = { readonly effectId: string; readonly key: string; readonly nonce: string };
export const BLANK_ATTEMPT: Attempt = { effectId: '', key: '', nonce: '' };

export const effectIdOf = (runId: string, step: string, attempt: number): string =>
  `${runId}.${step}.${attempt}`;
export const effectKeyOf = (runId: string, step: string, attempt: number): string =>
  `wf:${runId}:${stageOfAct(step) === 'execute' ? 'execute.' : ''}${step}:${attempt}`;

/** `auto` takes the best that config.json names; a program that is merely on PATH is no consent. */
export const resolveDispatcher = (context: RunContext, step: Step): DispatcherName => {
  if (step.dispatcher !== 'auto') return step.dispatcher;
  if (context.connected.openclaw !== undefined) return 'openclaw';
  return autoAgent(context, step) === undefined ? 'manual' : 'agent';
};

/** Being in config.json is not enough: an agent that may cost money has to be let loose there by name. */
const autoAgent = ({ connected }: RunContext, step: Step): string | undefined => {
  const free = [...(connected.agents ?? [])].flatMap(([name, { auto }]) => (auto ? [name] : []));
  return free.find((name) => name === step.agent) ?? free[0];
};

const DEFAULT_AGENT = 'personal-assistant';

export function renderStep(context: RunContext, state: RunState, step: Step, attempt: Attempt): RenderedStep {
  const route = outputOf(state, 'classify')?.route ?? '';
  const dispatcher = resolveDispatcher(context, step);
  const task = opsGated(route, context.input.task);
  if (dispatcher === 'command') {
    const values = templateValues(context, state, attempt, task);
    values.set('brief', renderBrief(context, state, step.id, attempt.nonce));
    const argv = [step.command ?? '', ...step.args].map((part) => expand(part, values));
    return { step, dispatcher, argv, preview: quoteCommand(argv), message: '', task };
  }
  const values = templateValues(context, state, attempt, withoutOps(context.input.task));
  const attached = step.attach.map((path) => expand(path, values));
  values.set('brief', renderBrief(context, state, step.id, attempt.nonce, attached));
  if (dispatcher === 'http' || dispatcher === 'message') return renderSent(step, dispatcher, values, task);
  const message = opsGated(route, expand(step.message, values));
  const target = targetOf(context, step, dispatcher);
  return {
    step,
    dispatcher,
    argv: [],
    preview: message,
    message,
    task,
    ...(target === undefined ? {} : { target }),
  };
}

function targetOf(context: RunContext, step: Step, dispatcher: DispatcherName): string | undefined {
  if (dispatcher === 'openclaw') return step.agent ?? context.connected.openclaw?.agent ?? DEFAULT_AGENT;
  if (dispatcher !== 'agent') return undefined;
  return step.dispatcher === 'auto' ? autoAgent(context, step) : step.agent;
}

/** What goes to a program or a chat and not to somebody who works: no `OPS: `, for nobody acts on it. */
function renderSent(
  step: Step,
  dispatcher: 'http' | 'message',
  values: ReadonlyMap<string, string>,
  task: string,
): RenderedStep {
  const file = step.sendFile === undefined ? undefined : expand(step.sendFile, values);
  const common = { step, dispatcher, argv: [], task, ...(file === undefined ? {} : { sendFile: file }) };
  if (dispatcher === 'message') {
    const message = expand(step.text ?? '', values);
    const preview = file === undefined ? message : `(the text of ${file})`;
    return { ...common, message, preview, target: step.to ?? DEFAULT_TO };
  }
  if (step.http === undefined) throw bug(`step ${step.id} has no request`);
  const http = renderHttp(step.http, values, file);
  return { ...common, http, message: '', preview: previewHttp(http, file) };
}

/** Values of every template name; `brief` is added by who has one. */
export function templateValues(
  context: RunContext,
  state: RunState,
  attempt: Attempt,
  task: string,
): Map<string, string> {
  const classified = outputOf(state, 'classify');
  const values = new Map<string, string>();
  for (const [name, value] of context.input.fields) values.set(`input.${name}`, withoutOps(value));
  values.set('workflowId', state.workflowId);
  values.set('runId', state.runId);
  values.set('task', task);
  values.set('taskFile', attempt.effectId === '' ? '' : `${context.home}/run/${attempt.effectId}/task.txt`);
  values.set('route', classified?.route ?? '');
  values.set('risk', classified?.risk ?? '');
  values.set('input', withoutOps(context.input.text));
  values.set('home', context.home);
  values.set('artifacts', artifactsOf(context, state.runId));
  values.set('idempotencyKey', state.key);
  values.set('effectKey', attempt.key);
  // The day of its slot, or on which the run started, never the clock: a resumed run means the same day.
  values.set('date', state.slot?.date ?? state.createdAt.slice(0, 10));
  return values;
}

/** sha256 of everything a yes is a yes to. */
export const bindingOf = (
  context: RunContext,
  state: RunState,
  rendered: RenderedStep,
  files: readonly BoundFile[],
): string =>
  context.sha256(
    JSON.stringify([
      context.definitionHash,
      state.inputHash,
      rendered.dispatcher,
      rendered.target ?? '',
      rendered.preview,
      // Last, and only where there are any: grants without files stay what they were.
      ...(files.length === 0 ? [] : [files.map(({ file, sha256 }) => [file, sha256])]),
    ]),
  );

/** For reading only: a command line as one could type it. Nothing is ever run from this text. */
const quoteCommand = (argv: readonly string[]): string =>
  argv.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`)).join(' ');
