/**
 * What a definition makes of a recorded run: its request and its answers, decided from beginning to end. Unlike a replay
 * it does not stop where the record goes another way. Pure: there is no world here that could be reached.
 */
import { isRefusal } from '../../errors.ts';
import { previewOf } from '../../events/envelope.ts';
import type { DispatcherName, Risk } from '../../events/run-events.ts';
import { stageOfAct } from '../acts.ts';
import type { RunCommand } from '../command.ts';
import type { RunContext } from '../context.ts';
import { type DecidedEvent, decide, provisional } from '../decide.ts';
import type { DispatchEffect } from '../effects.ts';
import { evolve, type FoldableEvent } from '../evolve.ts';
import { next, type WorldEffect } from '../next.ts';
import { type Effect, noRun, outputOf, type RunState } from '../state.ts';
import { type RecordedAnswers, recordedAnswers } from './recorded-answers.ts';

export type ForetoldMessage = {
  readonly step: string;
  readonly attempt: number;
  readonly dispatcher: DispatcherName;
  readonly target: string | null;
  /** What is dispatched, as a person reads it: the message, or the command line. */
  readonly text: string;
};

export type Foretold = {
  readonly route: string | null;
  readonly risk: Risk | null;
  /** Places where a person is asked, in order. */
  readonly approvals: readonly string[];
  readonly messages: readonly ForetoldMessage[];
  /** The last status, and what it waits for, or why it failed. */
  readonly end: string;
};

/** @param events the whole stream of a run that this program began, nothing of it erased; `run` is their fold */
export function foretell(context: RunContext, run: RunState, events: readonly FoldableEvent[]): Foretold {
  const foretelling = new Foretelling(context, recordedAnswers(run, events), events[0]);
  return foretelling.toTheEnd();
}

type Ask = RunCommand extends infer C ? (C extends RunCommand ? Omit<C, 'now' | 'salt'> : never) : never;
/** Null when something came of it; else why nothing does. */
type Stopped = string | null;

/** Later than every deadline: what was waited for has come, or never will. */
const AFTER_ALL = '9999-12-31T00:00:00.000Z';
/** One-time words differ from run to run; here they are all the same. */
const NONCE = 'nonce';
const NOBODY = { host: 'nowhere', bootId: 'none', pid: 0, pidStart: '0' };
const MAX_TURNS = 500;

class Foretelling {
  readonly #context: RunContext;
  readonly #answers: RecordedAnswers;
  readonly #first: Extract<FoldableEvent, { type: 'RunStarted' }>;
  readonly #reported = new Set<string>();
  readonly #approvals: string[] = [];
  readonly #messages: ForetoldMessage[] = [];
  #resumes: number;
  #state: RunState = noRun;

  constructor(context: RunContext, answers: RecordedAnswers, first: FoldableEvent | undefined) {
    if (first?.type !== 'RunStarted') throw new Error('a run that did not start here cannot be foretold');
    this.#context = context;
    this.#answers = answers;
    this.#first = first;
    this.#resumes = answers.resumes;
  }

  toTheEnd(): Foretold {
    const { runId, key, inputHash, redactions, forced, requestedRoute, by } = this.#first.data;
    let stopped = this.#tell({
      type: 'Start',
      ...{ runId, key, inputHash, redactions, forced, owner: NOBODY },
      ...(requestedRoute === undefined ? {} : { requestedRoute }),
      ...(by === undefined ? {} : { by }),
    });
    for (let turn = 0; turn < MAX_TURNS && stopped === null; turn++) stopped = this.#turn();
    const { route = null, risk = null } = outputOf(this.#state, 'classify') ?? {};
    return {
      route,
      risk,
      approvals: this.#approvals,
      messages: this.#messages,
      end: endOf(this.#state),
    };
  }

  #turn(): Stopped {
    const due = next(this.#context, this.#state, AFTER_ALL);
    switch (due.type) {
      case 'perform':
        return this.#perform(due.effect);
      case 'sleep':
        return 'it sleeps';
      case 'done':
        return this.#state.status === 'handed_off' ? this.#report(openHandOver(this.#state)) : this.#resume();
      case 'wait':
        if (due.waiting.for === 'approval') return this.#decideOn(due.waiting.id);
        return due.waiting.for === 'outcome'
          ? this.#report(effectOf(this.#state, due.waiting.id))
          : this.#resolve();
    }
  }

  #perform(effect: WorldEffect): Stopped {
    switch (effect.kind) {
      case 'configure-tools':
        return this.#tell({ type: 'ToolsConfigured', ...this.#answers.tools() });
      case 'begin-step': {
        const files = effect.bind?.map((file) => this.#answers.hashOf(file));
        const bound = files === undefined ? {} : { files };
        return this.#tell({ type: 'BeginStep', step: effect.step, nonce: NONCE, ...bound });
      }
      case 'dispatch':
      case 'recover':
        return this.#dispatch(effect.effect);
      case 'look-at-files':
        return this.#resolve();
      case 'verify':
        return this.#tell({ type: 'Verified', ...this.#answers.look(effect) });
      case 'analyse':
        return this.#tell({ type: 'Analysed', output: { suggestions: 0, applied: [] } });
    }
  }

  #dispatch(act: DispatchEffect): Stopped {
    const { effectId } = act;
    const result = this.#answers.endOf(act);
    if (result === null) return 'nobody saw its end';
    // A report that was there first decides what the end of the act means.
    if (this.#answers.reportCameFirst(act)) this.#tellReport(effectOf(this.#state, effectId));
    return this.#tell({ type: 'EffectEnded', effectId, result });
  }

  #report(effect: Effect | undefined): Stopped {
    const stopped = this.#tellReport(effect);
    // A run with several hand-overs goes on when the last of them is reported.
    if (stopped === null) this.#goOn();
    return stopped;
  }

  #tellReport(effect: Effect | undefined): Stopped {
    const found = effect === undefined ? null : this.#answers.reportOn(effect);
    if (effect === undefined || found === null || this.#reported.has(effect.effectId))
      return 'nobody reported';
    this.#reported.add(effect.effectId);
    const { status, by } = found;
    const text = found.text === undefined ? {} : { text: previewOf(found.text) };
    return this.#tell({ type: 'Report', step: effect.step, status, by, ...text });
  }

  /** A doubt ends as the person found who looked. */
  #resolve(): Stopped {
    const effect = this.#state.effects.find(({ status }) => status === 'unknown');
    const verdict = effect === undefined ? null : this.#answers.verdictOn(effect);
    if (verdict === null) return 'in doubt';
    return this.#tell({ type: 'Resolve', verdict, by: 'foretold' }) ?? this.#goOn();
  }

  #decideOn(approvalId: string): Stopped {
    const approval = this.#state.approvals.find((one) => one.approvalId === approvalId);
    if (approval === undefined) return 'nobody asked';
    const { at, binding } = approval;
    const n = this.#state.approvals.filter((one) => one.at === at).length - 1;
    const { status, reason } = this.#answers.approvalAt(at, n);
    const why = reason === undefined ? {} : { reason };
    switch (status) {
      case 'rejected':
        return this.#tell({ type: 'Reject', approvalId, by: 'foretold', ...why }) ?? this.#goOn();
      case 'expired':
        return this.#tell({ type: 'Expire', approvalId }, AFTER_ALL) ?? this.#goOn();
      case 'granted':
      case 'lapsed':
      case 'pending':
        // Who may say yes is another question: here the yes is on record, or taken to come.
        this.#take({
          type: 'ApprovalGranted',
          data: { approvalId, binding, by: 'foretold', via: 'terminal' },
        });
        return this.#goOn();
    }
  }

  #goOn(): Stopped {
    return this.#state.status === 'cancelled'
      ? null
      : this.#tell({ type: 'Continue', owner: NOBODY, by: 'foretold' });
  }

  /** As often as somebody did so with the run that is on record. */
  #resume(): Stopped {
    const { status } = this.#state;
    if (this.#resumes === 0 || (status !== 'failed' && status !== 'cancelled')) return 'it is over';
    this.#resumes -= 1;
    return this.#tell({ type: 'Continue', owner: NOBODY, by: 'foretold' });
  }

  #tell(ask: Ask, now = this.#first.ts): Stopped {
    const command = { ...ask, now, salt: 'foretold' } as RunCommand;
    const decided = decide(this.#context, this.#state, command);
    if (isRefusal(decided)) return decided.message;
    for (const event of decided) this.#take(event, now);
    return decided.length === 0 ? 'nothing comes of it' : null;
  }

  #take(event: DecidedEvent, now = this.#first.ts): void {
    this.#state = evolve(this.#state, provisional(event, this.#state, now));
    if (event.type === 'ApprovalRequested') this.#approvals.push(event.data.at);
    if (event.type !== 'EffectIntended') return;
    const { step, attempt, dispatcher, target = null, preview } = event.data;
    this.#messages.push({ step, attempt, dispatcher, target, text: preview as string });
  }
}

const openHandOver = (state: RunState): Effect | undefined =>
  state.effects.find(
    ({ status, step, report }) =>
      status === 'handed_off' && report === undefined && stageOfAct(step) === 'execute',
  );

const effectOf = (state: RunState, id: string): Effect | undefined =>
  state.effects.find(({ effectId }) => effectId === id);

function endOf({ status, error, waiting }: RunState): string {
  if (status === 'failed') return `failed at ${error?.stage ?? '?'}: ${error?.message ?? '?'}`;
  if (status === 'waiting') return `waiting for ${waiting?.for ?? '?'}`;
  // Its act was cut short, and nothing says what came of it.
  return status === 'running' ? 'waiting for unknown-effect' : status;
}
