/**
 * The state of one run, folded from its stream by `evolve.ts`. Plain immutable data: what is not in the events is
 * not here, and every projection of a run is a function of this.
 */
import type { Text } from '../events/envelope.ts';
import type {
  ApprovedStep,
  DispatcherName,
  Keep,
  Receipt,
  Risk,
  Slot,
  StageName,
  StageOutputs,
} from '../events/run-events.ts';
import type { Owner } from '../events/shared.ts';
import { STAGES } from '../events/stages.ts';

export type RunStatus = 'running' | 'waiting' | 'handed_off' | 'completed' | 'failed' | 'cancelled';
/** What became of the work, as far as anybody knows. */
export type Outcome = 'done' | 'handed_off' | 'failed' | 'unreported' | null;
export type Problem = { readonly code: string; readonly message: string };

/** Code of the error of a run that its own cost has stopped; its exit code is that of a limit. */
export const RUN_COST_LIMIT = 'limit-cost-per-run';

export type StageState = {
  readonly name: StageName;
  readonly status: 'pending' | 'running' | 'completed' | 'failed';
  /** Times it was started; 0 = never. */
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly output: StageOutputs[StageName] | null;
  readonly error: Problem | null;
};

export type Effect = {
  readonly effectId: string;
  readonly step: string;
  readonly attempt: number;
  /** Attempt of the stage it belongs to (acts.ts). */
  readonly stageAttempt: number;
  readonly dispatcher: DispatcherName;
  readonly key: string;
  readonly idempotent: boolean;
  readonly awaits: 'auto' | 'outcome' | 'dispatch';
  readonly target?: string;
  readonly preview: Text;
  readonly taskId?: string;
  readonly nonce?: string;
  readonly approvalId?: string;
  /** The ownership it was intended under: another epoch finding it open has to look before it acts. */
  readonly epoch: number;
  /** The process that was to perform it: while it lives, "it did not happen" proves nothing. */
  readonly intender?: Owner;
  readonly intendedAt: string;
  readonly endedAt: string | null;
  /**
   * `intended`: nothing is known yet. `handed_off`: queued with somebody. `not_performed` and `withdrawn`: a new
   * attempt is safe. `unknown`: in doubt.
   */
  readonly status: 'intended' | 'done' | 'handed_off' | 'failed' | 'not_performed' | 'unknown' | 'withdrawn';
  readonly receipt?: Receipt;
  readonly error?: Problem;
  /** When the next attempt (or, for an idempotent effect in doubt, the same act again) is due. */
  readonly retryAt?: string;
  /** What a failed attempt cost, where its program said so; a receipt has it for one that did not fail. */
  readonly costUsd?: number;
  /** It failed and no further attempt is due by itself. */
  readonly gaveUp?: true;
  /** In doubt, and its files are looked at before anybody is asked. */
  readonly awaitsFiles?: true;
  /** How often it has been performed in doubt; bounds the repeats of an idempotent effect. */
  readonly doubts: number;
  readonly stdout?: Text;
  readonly stderr?: Text;
  readonly truncated?: boolean;
  readonly report?: Report;
};

export type Report = {
  readonly status: 'ok' | 'error';
  readonly text?: Text;
  readonly contentHash: string;
  readonly by: string;
  readonly at: string;
};

/** A file by its content, home-relative where inside the home; `missing` where there is none. */
export type BoundFile = { readonly file: string; readonly sha256: string };

export type Approval = {
  readonly approvalId: string;
  /** `execute`, `execute.<step>` or `deliver`. */
  readonly at: string;
  readonly files?: readonly BoundFile[];
  /** ISO 8601. */
  readonly expiresAt?: string;
  readonly onExpire?: 'cancel' | 'skip';
  readonly reason?: string;
  readonly binding: string;
  readonly risk: Risk;
  readonly reasons: readonly string[];
  readonly covers: readonly ApprovedStep[];
  readonly requestedAt: string;
  readonly status: 'pending' | 'granted' | 'rejected' | 'expired' | 'lapsed';
  readonly by?: string;
  readonly decidedAt?: string;
};

export type Waiting =
  | { readonly for: 'approval'; readonly id: string; readonly since: string }
  | { readonly for: 'outcome'; readonly id: string; readonly since: string }
  | { readonly for: 'unknown-effect'; readonly id: string; readonly since: string }
  | { readonly for: 'retry'; readonly id: string; readonly since: string; readonly until: string };

/** `keep` is the rule as the definition has it: a duration, or how many runs. */
export type Expiry = { readonly at: string; readonly keep: Keep };

export type RunState = {
  readonly runId: string;
  /** Version of the run's stream; 0 = it does not exist. */
  readonly version: number;
  readonly workflowId: string;
  /** Empty for an imported run: what it ran with is not known. */
  readonly definitionHash: string;
  readonly key: string;
  readonly inputHash: string;
  readonly input: Text;
  readonly redactions: number;
  readonly forced: boolean;
  readonly requestedRoute?: string;
  /** The slot of a schedule that it was started for. */
  readonly slot?: Slot;
  readonly status: RunStatus;
  readonly outcome: Outcome;
  readonly waiting: Waiting | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it last reached completed, handed_off, failed or cancelled. */
  readonly finishedAt: string | null;
  /** Null between stops: nobody is at work on it. */
  readonly lease: { readonly owner: Owner; readonly epoch: number } | null;
  /** Epoch of the newest lease, ended or not; 0 = none yet. */
  readonly epoch: number;
  /** The stage that was started last; null before intake. */
  readonly current: StageName | null;
  readonly stages: readonly StageState[];
  readonly effects: readonly Effect[];
  readonly approvals: readonly Approval[];
  /** Acts that a person, or the time that passed, said to go without. */
  readonly skipped: readonly string[];
  /** Set when the work was sent back: what was done in earlier attempts of execute counts no more. */
  readonly redo: { readonly fromAttempt: number; readonly reasons: readonly string[] } | null;
  /** Who asked for the run; unknown in runs of older versions. */
  readonly by?: string;
  readonly error: (Problem & { readonly stage: StageName; readonly step?: string }) | null;
  /** Only of a run that the script engine made: what its record says and no event of ours could. */
  readonly imported?: { readonly body: Text; readonly route?: string; readonly stdout?: Text };
  /** True once it stopped for any reason: from then on it has a delivery summary. */
  readonly stopped: boolean;
  /** Set when `artifacts/<runId>/` was given up, as the definition's retention asks: such a run cannot go on. */
  readonly artifactsExpired: Expiry | null;
  /** Set when its record, summary and briefs were given up; what the log knows can still be shown. */
  readonly filesExpired: Expiry | null;
  /** Its texts were erased; nothing happens to it after that. */
  readonly erased: { readonly at: string; readonly route: string | null } | null;
};

export const pendingStages: readonly StageState[] = STAGES.map((name) => ({
  name,
  status: 'pending',
  attempts: 0,
  startedAt: null,
  finishedAt: null,
  output: null,
  error: null,
}));

/** The state before the first event. */
export const noRun: RunState = {
  runId: '',
  version: 0,
  workflowId: '',
  definitionHash: '',
  key: '',
  inputHash: '',
  input: '',
  redactions: 0,
  forced: false,
  status: 'running',
  outcome: null,
  waiting: null,
  createdAt: '',
  updatedAt: '',
  finishedAt: null,
  lease: null,
  epoch: 0,
  current: null,
  stages: pendingStages,
  effects: [],
  approvals: [],
  skipped: [],
  redo: null,
  error: null,
  stopped: false,
  artifactsExpired: null,
  filesExpired: null,
  erased: null,
};

/** Stands where a text of the run was. */
export const ERASED_TEXT = '[erased]';

export const stageOf = (state: RunState, name: StageName): StageState => {
  const found = state.stages.find((stage) => stage.name === name);
  if (found === undefined) throw new Error(`no stage ${name}`);
  return found;
};

/** The output a stage left behind, typed; null until it completed once. */
export function outputOf<S extends StageName>(state: RunState, name: S): StageOutputs[S] | null {
  // The stage's name decides the shape: StageCompleted is a discriminated union over it.
  return stageOf(state, name).output as StageOutputs[S] | null;
}

/** The newest attempt of a step. */
export const latestEffect = (state: RunState, step: string): Effect | undefined =>
  state.effects.findLast((effect) => effect.step === step);

export const routeOf = (state: RunState): string | null =>
  outputOf(state, 'classify')?.route ?? state.imported?.route ?? state.erased?.route ?? null;

/** Kept apart from the brief: the task, for a plain input the input itself. */
export const taskOf = (state: RunState): Text => outputOf(state, 'intake')?.task ?? state.input;
