/** What the library takes and gives, beside the shapes that the schemas make. Times are ISO 8601 in UTC. */
import type { EventData, InboxItem, Run, RunDetails, RunItem, WorkflowFile } from './shapes.ts';

/** A definition that stands in the program; see `defineWorkflow`. */
export type Workflow<W extends WorkflowFile = WorkflowFile> = {
  readonly id: W['id'];
  readonly definition: W;
};

type KeysOf<S> = S extends unknown ? keyof S : never;
type ValueAt<S, K> = S extends unknown ? (K extends keyof S ? S[K] : never) : never;
type ItemOf<S> = S extends readonly (infer I)[] ? I : never;
/**
 * W with `never` at every key that S does not know: a mistyped one of a generic argument is an error only so. The
 * `body` of a request is any JSON.
 */
export type Exact<W, S> = W extends string | number | boolean | null | undefined
  ? W
  : W extends readonly unknown[]
    ? { readonly [I in keyof W]: Exact<W[I], ItemOf<S>> }
    : {
        readonly [K in keyof W]: K extends 'body'
          ? W[K]
          : K extends KeysOf<S>
            ? Exact<W[K], ValueAt<S, K>>
            : never;
      };

type FieldsOf<W> = W extends { readonly input: { readonly fields: infer F extends object } } ? F : never;
type FieldTypes = { readonly string: string; readonly number: number; readonly boolean: boolean };
type ValueOf<F> = F extends { readonly type: infer T extends keyof FieldTypes } ? FieldTypes[T] : never;
type IsAsked<F> = F extends { readonly required: true }
  ? F extends { readonly default: string | number | boolean }
    ? false
    : true
  : false;
type Asked<F> = { [K in keyof F]: IsAsked<F[K]> extends true ? K : never }[keyof F];
type Given<F> = { readonly task: string } & { readonly [K in Asked<F>]: ValueOf<F[K]> } & {
  readonly [K in Exclude<keyof F, Asked<F>>]?: ValueOf<F[K]>;
};

/**
 * What is to be done: a text; or an object with the text in `task` and fields beside it, which the definition reaches
 * as `{{input.<name>}}`. Where the definition declares its fields, they and their types are checked here too.
 */
export type WorkflowInput<W> = [FieldsOf<W>] extends [never]
  ? string | { readonly task: string; readonly [name: string]: string | number | boolean }
  : Exclude<Asked<FieldsOf<W>>, 'task'> extends never
    ? string | Given<FieldsOf<W>>
    : Given<FieldsOf<W>>;

export type EngineOptions = {
  /** The folder of log, runs and definitions; made where there is none. Default: as `wf` finds it. */
  readonly home?: string;
  /** Names of programs, secrets and the home are looked up here. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Definitions of the program, so that they can be named by their id. */
  readonly workflows?: readonly Workflow[];
  /** Told, in sentences, what a person should read and what is no error: repairs, warnings of definitions. */
  readonly onNotice?: (text: string) => void;
};

export type RunRequest<W = WorkflowFile> = {
  /** At most 256 KiB of text. */
  readonly input: WorkflowInput<W>;
  /** What makes two requests the same work; 1 to 512 printable characters. Default: the definition's rule. */
  readonly key?: string;
  /** Start anew even if the key has a run. Default: false. */
  readonly force?: boolean;
  /** Take this route; the risk may rise by it, never fall. */
  readonly route?: string;
  /** Login name of who asks, for `fourEyes`. Default: `$USER`. */
  readonly by?: string;
  /** Resolve once the run is on disk; it goes on in this process until `close`. Default: false. */
  readonly detach?: boolean;
};

export type Answer = {
  /**
   * `ended`: this engine brought the run to its end or its next stop. `followed`: another process did. `reused`: the
   * key has a finished run, nothing was done. `live`: it has one at work, and nobody waited. `detached`: on disk.
   */
  readonly answer: 'ended' | 'followed' | 'reused' | 'live' | 'detached';
  /** A run that failed is an answer, no error: look at its `status`. */
  readonly run: Run;
};

export type ResumeOptions = {
  /** When given, it must be the run's. */
  readonly input?: string;
  /** Take it from another host that is certainly not at work on it. Default: false. */
  readonly takeOver?: boolean;
  /** Go on with the definition as it is now; for failed and cancelled runs. Default: false. */
  readonly withCurrentDefinition?: boolean;
};

export type ReportOptions = {
  /** Default: `ok`. */
  readonly status?: 'ok' | 'error';
  /** The result, or why not; at most 8 MiB. Secrets in it are replaced before it is recorded. */
  readonly text?: string;
  /** The step it speaks of. Default: the one that waits, else the last one that was dispatched. */
  readonly step?: string;
  /** The one-time word of the brief: proves that who reports was given the work, and ends a doubt about it. */
  readonly nonce?: string;
  /** Who reports. */
  readonly by: string;
  readonly detach?: boolean;
};

/** A question as it stands, whole: what is shown to the person who decides. */
export type Question = {
  /** `A-<runId>…`. */
  readonly approvalId: string;
  readonly runId: string;
  readonly workflowId: string;
  /** `execute`, `execute.<step>` or `deliver`. */
  readonly at: string;
  /** A high one is answered on a terminal only: `wf approve`. */
  readonly risk: 'low' | 'high';
  readonly reasons: readonly string[];
  readonly task: string;
  /** What would be dispatched, each message whole. */
  readonly covers: readonly {
    readonly step: string;
    readonly dispatcher: string;
    readonly target?: string;
    readonly message: string;
  }[];
  /** Files the yes is bound to, by their content; home-relative where inside the home. */
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  /** sha256 over all of it: an answer names it, so that it is an answer to this and nothing else. */
  readonly binding: string;
  readonly requestedAt: string;
  readonly expiresAt?: string;
};

export type Decision = {
  /** The question's, as it was shown. */
  readonly binding: string;
  /** Login name of the person who decided. Recorded as said: the caller vouches for it. */
  readonly by: string;
  readonly detach?: boolean;
};

export type RunsFilter = {
  readonly status?: Run['status'];
  readonly workflow?: string;
  readonly route?: string;
  /** Only runs that were started then or later. */
  readonly since?: Date;
  /** 1 to 1,000. Default: 20. */
  readonly limit?: number;
};

type Recorded<T extends string, D> = {
  /** Position in the log: 1, 2, 3 …; the only order there is. */
  readonly seq: number;
  readonly id: string;
  /** The time of the append. */
  readonly ts: string;
  /** `run/<runId>`, `key/<hash>`, `workflow/<id>`, `tool/<host>/<name>` or `system`. */
  readonly stream: string;
  /** 1, 2, 3 … within the stream. */
  readonly streamVersion: number;
  readonly type: T;
  readonly data: D;
};

/** An event of the log. One whose data was erased has the type `Erased` here, and says what it was. */
export type EngineEvent =
  | { readonly [T in keyof EventData]: Recorded<T, EventData[T]> }[keyof EventData]
  | Recorded<'Erased', { readonly was: keyof EventData }>;

export type EventOptions = {
  /** Events after this position; `now` = only new ones. Default: 0, the whole log. */
  readonly after?: number | 'now';
  /** Only of this run. */
  readonly runId?: string;
  /** Only of these types. */
  readonly types?: readonly EngineEvent['type'][];
  /** Go on with new events until `close` or the loop is left. Default: true. */
  readonly follow?: boolean;
};

export type Subscription = {
  /** Resolves when it has ended; rejects with what the handler threw, or when the log cannot be read. */
  readonly ended: Promise<void>;
  /** No further event is handed over. Resolves when the last handler is through. */
  close(): Promise<void>;
};

/** Every method throws `WfError`; its `code` is stable, its `exitCode` what `wf` would end with. */
export type Engine = {
  /** Absolute path. */
  readonly home: string;
  /**
   * Does a task by a workflow, once: the same request again is answered with the run there is. Resolves when the run
   * ends or waits for somebody.
   * @throws {WfError} 2 (input, definition, config), 3 (unknown workflow), 4 (the key has another input), 7 (paused), 65, 74, 75;
   * 130 `interrupted`: the engine was closed meanwhile, and the run can be resumed
   */
  run<const W extends WorkflowFile>(workflow: string | Workflow<W>, request: RunRequest<W>): Promise<Answer>;
  /**
   * Goes on with a run where it stopped; completed work is never repeated.
   * @throws {WfError} 3 (no such run), 4 (finished, another host's, its key is taken), 6 (waits for somebody)
   */
  resume(runId: string, options?: ResumeOptions): Promise<Answer>;
  /**
   * Hands in work that was queued with somebody; durable before the run goes on.
   * @throws {WfError} 3, 4 (nothing to report, or another outcome was reported)
   */
  report(runId: string, report: ReportOptions): Promise<Answer>;
  /**
   * The question a run waits with, whole, or one by its id (`A-…`).
   * @throws {WfError} 3 (there is none)
   */
  question(id: string): Promise<Question>;
  /**
   * A person's yes. The caller vouches that the person named by `by` was shown the question with this binding, whole,
   * and said yes. **A high-risk question is refused** (`approval-needs-terminal`, 2): it is answered by `wf approve`
   * on a terminal, and nothing here stands in for that.
   * @throws {WfError} 2, 3, 4 (decided already, expired, another binding, not this person's)
   */
  approve(approvalId: string, decision: Decision): Promise<Answer>;
  /**
   * A person's no, at any risk: the run is cancelled, goes on without, or is sent back, as its definition says.
   * @throws {WfError} as `approve`, but for the high-risk refusal
   */
  reject(approvalId: string, decision: Decision & { readonly reason?: string }): Promise<Answer>;
  /**
   * Ends a doubt: somebody looked, and it was performed or it was not.
   * @throws {WfError} 3, 4 (nothing in doubt), 6 (it is still at work)
   */
  resolve(runId: string, verdict: { readonly sent: boolean; readonly by: string }): Promise<Answer>;
  /**
   * Stops a run for good and ends what is at work for it.
   * @throws {WfError} 3, 4 (it is over already)
   */
  cancel(runId: string, options: { readonly by: string; readonly reason?: string }): Promise<Run>;
  /** One run, whole, from its own events. @throws {WfError} 3 */
  show(runId: string): Promise<RunDetails>;
  /** Newest first. @throws {WfError} 2 (a limit out of range) */
  runs(filter?: RunsFilter): Promise<readonly RunItem[]>;
  /** What waits for somebody, oldest first; at most 100 of each kind. */
  inbox(): Promise<readonly InboxItem[]>;
  /**
   * Events of the log in their order, from any process. Read as the loop asks for them: nothing is gathered in
   * memory, however slow the loop is. Ends when the engine is closed.
   */
  events(options?: EventOptions): AsyncIterableIterator<EngineEvent>;
  /** The same, handed to a function: the next event comes when it is through with the last. */
  subscribe(handler: (event: EngineEvent) => void | Promise<void>, options?: EventOptions): Subscription;
  /**
   * Ends it: what is at work may finish for `patienceMs` (default 10,000), then it is ended and in doubt. Runs that
   * are not at an end are left resumable, and their promises reject with `interrupted`. Functions that subscribed are
   * handed what is in the log by then (for `patienceMs` at most), loops over `events` end. Afterwards every method
   * throws `engine-closed`. A second call waits for the first.
   */
  close(options?: { readonly patienceMs?: number }): Promise<void>;
};
