/**
 * A definition as the decider sees it: defaults filled in, durations in milliseconds, legacy spellings resolved.
 * `definition-schema.ts` says what a file may hold; `normalise.ts` turns the one into the other.
 */
import type { NotifyOn } from '../events/notify-events.ts';
import type { DispatcherName, Keep, Risk } from '../events/run-events.ts';
import type { HttpAction } from './http-request.ts';

export type Retry = {
  /** Attempts in all, the first included; 1 = never again. */
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Ends after which an act declared idempotent is tried again although it was performed. */
  readonly retryOnExitCodes: readonly number[];
};

export type Route = {
  readonly name: string;
  readonly match: readonly string[];
  readonly risk: Risk;
  /** Per attempt, for the steps that have none of their own (act-timeout.ts). */
  readonly timeoutMs?: number;
};

export type Tool = {
  readonly name: string;
  /** Absent when the allowlist names a tool that has no command. */
  readonly command?: string;
  readonly args: readonly string[];
  readonly required: boolean;
  readonly timeoutMs: number;
};

export type StepDispatcher = DispatcherName | 'auto';

export type Step = {
  readonly id: string;
  readonly dispatcher: StepDispatcher;
  readonly command?: string;
  readonly args: readonly string[];
  readonly agent?: string;
  readonly await: 'auto' | 'outcome' | 'dispatch';
  /** Per attempt. */
  readonly timeoutMs: number;
  /** The file gives this very act its time: a route's does not take its place. */
  readonly ownTimeout?: true;
  readonly retry: Retry;
  /** Declared by the author: performing it twice with the same key does no harm. */
  readonly idempotent: boolean;
  /** Names of environment variables the child gets beside the fixed ones. */
  readonly env: readonly string[];
  readonly notPerformedExitCodes: readonly number[];
  /** Template of the dispatched message; default `{{brief}}`. */
  readonly message: string;
  /** Templates of paths that the brief names as material. */
  readonly attach: readonly string[];
  /** `continue`: when it has failed for good the run goes on without it. */
  readonly onError: 'fail' | 'continue';
  /** For `http`. */
  readonly http?: HttpAction;
  /** For `message`: which target of config.json, and what it is told. */
  readonly to?: string;
  readonly text?: string;
  /** Template of the path of a file whose bytes are what is sent (`bodyFile`, `textFile`). */
  readonly sendFile?: string;
};

/** A declared field of a structured input; its value is text, checked to be of the type. */
export type InputField = {
  readonly type: 'string' | 'number' | 'boolean';
  readonly required: boolean;
  readonly default?: string;
};

/** What makes two requests the same work, and for how long. */
export type Idempotency = {
  /** Template; its sha256 is the key. */
  readonly key: string;
  /** How long a finished run answers, counted from its start; null = for ever. */
  readonly windowMs: number | null;
};

/** Where a person is asked, and what their answer, or none, means. */
export type ApprovalRule = {
  /** Before the work, before one step of it (`execute.<step>`), or before what is done with it. */
  readonly at: string;
  /** Only for runs of this risk; absent = always. */
  readonly when?: Risk;
  /** Templates of paths of files that are shown to who decides. */
  readonly show: readonly string[];
  /** Who may say yes: names, or `owner` for who owns the home; empty = anybody on this machine. */
  readonly by: readonly string[];
  /** Who started the run may not approve it. */
  readonly fourEyes: boolean;
  readonly expiresInMs?: number;
  /** How often the question is asked again until it is answered. */
  readonly remindAfterMs?: number;
  /** `skip`: the run goes on without the acts that were asked about. */
  readonly onExpire: 'cancel' | 'skip';
  /** `redo`: the work is done again, with the reason in its brief. */
  readonly onReject: 'cancel' | 'skip' | 'redo';
  readonly maxRedo: number;
};

/** What a file must be like once the work is done. */
export type FileRule = {
  /** Template of a path. */
  readonly path: string;
  /** Changed since this run's first act: yesterday's file does not pass. */
  readonly fresh: boolean;
  readonly minBytes: number;
  /** Texts that must, or must not, stand in the file, to the letter. */
  readonly contains: readonly string[];
  readonly notContains: readonly string[];
  readonly json: boolean;
};

/** What must hold of what came back: an answer can be an "ok" and say that nothing was done. */
export type OutcomeRule = {
  readonly notEmpty: boolean;
  /** Texts that make it a failure, wherever they stand in it; upper and lower case count as the same. */
  readonly failOn: readonly string[];
};

/** A duration since the run's end as the file has it, or how many of the newest ended runs. */
export type Retention = {
  /** `artifacts/<runId>/`. */
  readonly artifacts?: Keep;
  /** Record, summary and briefs: the log keeps what is in them. */
  readonly runs?: Keep;
};

export type RevertRule = {
  /** Judged once so many runs with it have ended. */
  readonly afterRuns: number;
  /** `propose`: a person is asked. */
  readonly whenWorse: 'propose' | 'revert';
};

/** When runs are asked for without anybody asking; carried out by `wf serve`. */
export type Schedule = {
  readonly id: string;
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timezone: string;
  /** What a run is given: a text or an object of fields, whose texts are templates (`{{date}}`). */
  readonly input: unknown;
  /** Which slots that nobody started in time are made up for: none, the newest, or each. */
  readonly catchUp: 'none' | 'latest' | 'all';
  /** How late a slot may still be started. */
  readonly withinMs: number;
  /** While the run of the slot before is not at its end: leave this one out, or let it wait. */
  readonly overlap: 'skip' | 'queue';
};

/** What a workflow may use up. Each is checked by itself; absent = as much as it likes. */
export type Limits = {
  /** Runs at work at the same time; those that wait for somebody are not at work. */
  readonly concurrency?: number;
  /** Runs started on one calendar day, in the time zone of the machine. */
  readonly runsPerDay?: number;
  /** Known cost of a run from which on no turn of an assistant is begun. */
  readonly costUsdPerRun?: number;
  /** Known cost of all runs on one day from which on no run is started. */
  readonly costUsdPerDay?: number;
};

/** Who is told of what. */
export type NotifyRule = {
  /** `waiting` = for whatever a person has to answer. */
  readonly on: readonly (NotifyOn | 'waiting')[];
  /** Names under "messages" in config.json; the next one where one fails. */
  readonly to: readonly string[];
  /** How often it is told again while the cause lasts; absent = never. */
  readonly repeatMs?: number;
};

export type Definition = {
  readonly id: string;
  readonly description: string;
  /** Empty: any field may be given. */
  readonly inputFields: ReadonlyMap<string, InputField>;
  readonly idempotency: Idempotency;
  readonly assumptions: readonly string[];
  readonly classify: {
    readonly routes: readonly Route[];
    readonly highRiskWords: readonly string[];
    readonly fallback: Omit<Route, 'match'>;
  };
  /** Plan lines by route name. */
  readonly plan: ReadonlyMap<string, readonly string[]>;
  readonly tools: readonly Tool[];
  /** At least one, at most 20; a single action is the step `main`. */
  readonly steps: readonly Step[];
  /** At most one for each place. */
  readonly approvals: readonly ApprovalRule[];
  /** Templates of paths. */
  readonly requiredFiles: readonly string[];
  readonly files: readonly FileRule[];
  readonly outcome?: OutcomeRule;
  /** Named `verify.command`; a check, so performing it again does no harm. */
  readonly verifyCommand?: Step;
  /** Acts of deliver, each named `deliver.<id>`; at most 20. */
  readonly actions: readonly Step[];
  /** Template of a path; contains `{{runId}}`. */
  readonly summaryFile: string;
  readonly schedules: readonly Schedule[];
  /** What is given up some time after a run has ended; absent = nothing ever is. */
  readonly retention?: Retention;
  readonly limits?: Limits;
  readonly notify: readonly NotifyRule[];
  readonly selfImprove: {
    readonly enabled: boolean;
    readonly autoApplyLowRisk: boolean;
    readonly maxChangesPerRun: number;
    /** What becomes of an applied improvement with which runs are worse (improve/effect.ts). */
    readonly revert?: RevertRule;
  };
};

export const MAX_STEPS = 20;
