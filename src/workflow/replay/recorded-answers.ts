/**
 * What the world and the people of a recorded run answered, so that another definition can be asked what it would have
 * done with the same answers. What the record does not have is taken to end well: a new step succeeds, a new file is
 * there, a new question is answered with yes.
 */
import type { RunEvent, StageOutputs } from '../../events/run-events.ts';
import type { Verified } from '../command.ts';
import type { Connected } from '../context.ts';
import type { EffectResult } from '../effects.ts';
import type { FoldableEvent } from '../evolve.ts';
import { judgeOutcome, type VerifyPlan } from '../stages/verify.ts';
import {
  type Approval,
  type BoundFile,
  type Effect,
  outputOf,
  type Problem,
  type Report,
  type RunState,
} from '../state.ts';

type Act = { readonly step: string; readonly attempt: number };

export type RecordedAnswers = {
  /** Null where nobody knows: the act was cut short, and nothing says what came of it. */
  endOf(act: Act): EffectResult | null;
  reportOn(act: Act): Report | null;
  /** Whether the report was there before anybody saw how the act ended. */
  reportCameFirst(act: Act): boolean;
  /** What a person found who looked after a doubt; null where nobody did. */
  verdictOn(act: Act): 'sent' | 'not-sent' | null;
  /** The n-th question at a place, from 0. */
  approvalAt(at: string, n: number): Pick<Approval, 'status' | 'reason'>;
  /** How often it was asked to go on after it had failed or was cancelled. */
  readonly resumes: number;
  tools(): { readonly output: StageOutputs['configure_tools']; readonly failed?: Problem };
  look(plan: VerifyPlan): Verified;
  hashOf(file: string): BoundFile;
};
type Of<T extends RunEvent['type']> = Extract<FoldableEvent, { type: T }>;

type Confirmed = Extract<EffectResult, { result: 'confirmed' }>;
const DONE: Confirmed = { result: 'confirmed', outcome: 'done', receipt: { by: 'process', exitCode: 0 } };
/** A doubt is no end: a report may still answer it. */
const ENDS: ReadonlySet<string> = new Set(['OutcomeReported', 'EffectConfirmed', 'EffectFailed']);
const HANDED_OVER: Confirmed = { result: 'confirmed', outcome: 'handed_off', receipt: { by: 'process' } };

/** @param run what the events fold to */
export function recordedAnswers(run: RunState, events: readonly FoldableEvent[]): RecordedAnswers {
  const checks = new Map(looksIn(events).map((check) => [check.file, check]));
  const files = new Map(run.approvals.flatMap(({ files = [] }) => files).map((file) => [file.file, file]));
  return {
    endOf: (act) => endOf(actIn(run, act), events),
    reportOn: (act) => actIn(run, act)?.report ?? null,
    reportCameFirst: (act) => reportCameFirst(actIn(run, act), events),
    verdictOn: (act) => resolvedIn(actIn(run, act), events)?.data.verdict ?? null,
    approvalAt: (at, n) => run.approvals.filter((one) => one.at === at)[n] ?? { status: 'granted' },
    resumes: events.filter((event) => event.type === 'RunResumed' && event.data.reason === 'requested')
      .length,
    tools: () => tools(run),
    look: ({ files: wanted, outcome }) => ({
      checks: wanted.map(({ file }) => checks.get(file) ?? { file, exists: true }),
      ...(outcome === undefined ? {} : { outcome: judgeOutcome(knownTexts(outcome.texts), outcome) }),
    }),
    hashOf: (file) => files.get(file) ?? { file, sha256: '0'.repeat(64) },
  };
}

/** A task that was taken back untouched is no attempt: what counts is what took its place. */
function actIn(run: RunState, { step, attempt }: Act): Effect | undefined {
  const all = run.effects.filter((effect) => effect.step === step);
  return all.filter(({ status }) => status !== 'withdrawn')[attempt - 1] ?? all[attempt - 1];
}

function endOf(effect: Effect | undefined, events: readonly FoldableEvent[]): EffectResult | null {
  if (effect === undefined) return DONE;
  if (resolvedIn(effect, events) !== null) return { result: 'unknown', reason: doubtIn(effect, events) };
  const { stdout, stderr } = effect;
  // A long text stays the reference that the log has: it is handed on and not looked into.
  const output = {
    ...(stdout === undefined ? {} : { stdout: stdout as string }),
    ...(stderr === undefined ? {} : { stderr: stderr as string }),
  };
  if (effect.report !== undefined) return { ...HANDED_OVER, ...output };
  switch (effect.status) {
    case 'done':
      return { ...DONE, ...output, receipt: effect.receipt ?? { by: 'process' } };
    case 'handed_off':
    case 'withdrawn':
      return { ...HANDED_OVER, ...output };
    case 'failed':
    case 'not_performed': {
      const failure = events.findLast(
        (event): event is Of<'EffectFailed'> =>
          event.type === 'EffectFailed' && event.data.effectId === effect.effectId,
      );
      const { exitCode, performed = false } = failure?.data ?? {};
      const error = effect.error ?? { code: 'failed', message: 'failed' };
      const exit = exitCode === undefined ? {} : { exitCode };
      return { result: 'failed', performed, retryable: !performed, error, ...exit, ...output };
    }
    case 'intended':
    case 'unknown':
      return null;
  }
}

function reportCameFirst(effect: Effect | undefined, events: readonly FoldableEvent[]): boolean {
  const first = events.find(
    ({ type, data }) => ENDS.has(type) && (data as { effectId?: string }).effectId === effect?.effectId,
  );
  return first?.type === 'OutcomeReported';
}

const resolvedIn = (effect: Effect | undefined, events: readonly FoldableEvent[]) =>
  events.find(
    (event): event is Of<'EffectResolved'> =>
      event.type === 'EffectResolved' && event.data.effectId === effect?.effectId,
  ) ?? null;

function doubtIn({ effectId }: Effect, events: readonly FoldableEvent[]): Problem {
  const doubt = events.findLast(
    (event): event is Of<'EffectUnknown'> =>
      event.type === 'EffectUnknown' && event.data.effectId === effectId,
  );
  return doubt?.data.reason ?? { code: 'in-doubt', message: 'nobody saw the end of it' };
}

function tools(run: RunState): ReturnType<RecordedAnswers['tools']> {
  const stage = run.stages.find(({ name }) => name === 'configure_tools');
  const output = outputOf(run, 'configure_tools') ?? { configured: [], skipped: [] };
  return stage?.status === 'failed' && stage.error !== null ? { output, failed: stage.error } : { output };
}

/** Of the newest look. */
function looksIn(events: readonly FoldableEvent[]): Verified['checks'] {
  for (const event of events.toReversed()) {
    if (event.type === 'StageFailed' && event.data.stage === 'verify' && event.data.checks !== undefined)
      return event.data.checks;
    if (event.type === 'StageCompleted' && event.data.stage === 'verify') return event.data.output.checks;
  }
  return [];
}

/** An answer that is a long text of its own is not at hand here: it is not empty, and says nothing forbidden. */
const knownTexts = (texts: readonly unknown[]): readonly string[] =>
  texts.map((text) => (typeof text === 'string' ? text : 'a long text'));

/** What was connected, as the run's own acts show it. */
export function connectedIn(run: RunState): Connected {
  const targets = (dispatcher: string) =>
    run.effects.filter((effect) => effect.dispatcher === dispatcher).flatMap(({ target }) => target ?? []);
  const asked = run.approvals.flatMap(({ covers }) => covers);
  const agents = [
    ...targets('agent'),
    ...asked.flatMap(({ dispatcher, target }) => (dispatcher === 'agent' ? (target ?? []) : [])),
  ];
  const openclaw = [...run.effects, ...asked].find(({ dispatcher }) => dispatcher === 'openclaw');
  return {
    ...(openclaw === undefined
      ? {}
      : { openclaw: openclaw.target === undefined ? {} : { agent: openclaw.target } }),
    agents: new Map(agents.map((name) => [name, { auto: true }])),
    messages: new Set(targets('message')),
  };
}
