/**
 * What the engine needs from outside itself. The program hands in the real things; tests hand in a memory store, a
 * simulated clock and a recorded world, so that every interleaving can be tried.
 */
import type { StopSignal } from '../effects/stop.ts';
import type { NotifyOn } from '../events/notify-events.ts';
import type { StageOutputs } from '../events/run-events.ts';
import type { Owner } from '../events/shared.ts';
import type { EffectRows } from '../home/effect-rows.ts';
import type { UsageRows } from '../home/usage-rows.ts';
import type { BlobStore, EventStore, Position, Sha256Hex } from '../log/event-store.ts';
import type { AnalysisInput } from '../projections/analysis-input.ts';
import type { Improvement, Proposal } from '../projections/feedback.ts';
import type { KeyState } from '../projections/key-state.ts';
import type { PauseAt } from '../projections/pause-state.ts';
import type { Connected } from '../workflow/context.ts';
import type { DecidedEvent } from '../workflow/decide.ts';
import type { Definition, Tool } from '../workflow/definition.ts';
import type { DispatchEffect, EffectResult, LookupResult } from '../workflow/effects.ts';
import type { Finding } from '../workflow/finding.ts';
import type { FileToCheck } from '../workflow/stages/verify.ts';
import type { BoundFile, RunState } from '../workflow/state.ts';

export type EngineClock = {
  now(): number;
  /** Resolves after the time, or at once when the signal aborts. */
  sleep(ms: number, signal?: StopSignal): Promise<void>;
};

/** A definition as it stands in its file now. */
export type LoadedDefinition = {
  readonly id: string;
  readonly source: 'home' | 'bundled' | 'program';
  readonly body: string;
  /** sha256 of the file's bytes. */
  readonly hash: string;
  readonly definition: Definition;
  readonly warnings: readonly Finding[];
  readonly file: string;
};

export type Definitions = {
  /** @throws {WfError} not found (3) or invalid (2) */
  load(workflowId: string): Promise<LoadedDefinition>;
  /** From a body in the log, which was valid when it was registered. */
  parse(body: string): Promise<Definition>;
};

export type ToolBootstrap =
  | { readonly ok: true; readonly output?: string }
  | {
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string };
      readonly output?: string;
    };

/** Everything that touches the world on behalf of a run. */
export type World = {
  dispatch(effect: DispatchEffect, signal: StopSignal): Promise<EffectResult>;
  lookup(effect: DispatchEffect): Promise<LookupResult>;
  /** A process of this effect that is still alive, whoever started it. */
  livingChild(effect: {
    readonly effectId: string;
    readonly key: string;
  }): Promise<{ readonly pid: number; readonly groupId: number } | null>;
  /** Ends a whole process group; answers whether nothing of it is left. */
  endChild(groupId: number): Promise<boolean>;
  /** Removes what an effect left in `run/`; called once its end is durable. */
  cleanUp(effectId: string): void;
  /** Absolute program and arguments of a tool, templates expanded. */
  toolCommand(tool: Tool): readonly string[];
  bootstrap(tool: Tool, signal: StopSignal): Promise<ToolBootstrap>;
  /** Each file with the sha256 of its content, in order. */
  hashFiles(paths: readonly string[]): Promise<readonly BoundFile[]>;
  /** @param evidenceFor the effect in doubt that they are to answer for; a world of records has no files to look at */
  checkFiles(files: readonly FileToCheck[], evidenceFor?: string): Promise<StageOutputs['verify']['checks']>;
};

export type Projections = {
  /** Folds the log into files and index up to its durable end. */
  project(): Promise<void>;
  /** The same where it is quickly done, and otherwise nothing: for when something else is being waited for. */
  projectIfQuick(): Promise<void>;
  /** Record and briefs of a run whose events are on disk; the rest may wait for the next time. */
  writeEarly(runId: string): Promise<void>;
  /**
   * Folds when so much has gathered since the last time that every further command would read it again, and when
   * `told`, the last event of what is about to be told, is not folded yet.
   */
  keepUp(told?: Position | null): Promise<void>;
  /** Whether the body of this definition is in the log already, as far as the index knows. */
  isRegistered(workflowId: string, hash: string): boolean;
  /** The claims of a key as far as the index has folded its stream; version 0 when it cannot say. */
  keyState(stream: string): KeyState;
  /** What is paused by `system` or `workflow/<id>`, as far as the index has folded that stream. */
  pauseState(stream: string): PauseAt;
  analysisInput(workflowId: string): AnalysisInput;
  /** What was proposed for a workflow last, and every improvement of it, newest first. */
  improvementFacts(workflowId: string): ImprovementFacts;
  /** The ended runs around an improvement; null for an unknown one. */
  effectRows(improvementId: string): Promise<EffectRows | null>;
  /** What runs of a workflow use up, as far as it is folded; what came after that is in the log. */
  usage(workflowId: string, since: string): Promise<UsageRows>;
};

export type ImprovementFacts = {
  readonly proposal: Proposal | null;
  readonly improvements: readonly Improvement[];
};

/** Who was told something, or could not be. */
export type Told = {
  readonly on: NotifyOn;
  /** Names under "messages" in config.json. */
  readonly targets: readonly string[];
  /** `skipped`: config.json names none of them. */
  readonly status: 'sent' | 'failed' | 'in-doubt' | 'skipped';
  readonly error?: string;
};

export type Ownership = {
  readonly self: Owner;
  stateOf(owner: Owner): 'alive' | 'gone' | 'other-host';
};

/** First Ctrl-C: stop at the next safe place. Second, or too long after the first: end the act. */
export type Interrupts = { readonly stop: StopSignal; readonly force: StopSignal };

/** The definition is not given where another process is at work on the run. */
export type OnProgress = (events: readonly DecidedEvent[], state: RunState, definition?: Definition) => void;

export type EnginePorts = {
  readonly home: string;
  readonly store: EventStore;
  readonly blobs: BlobStore;
  readonly sha256: Sha256Hex;
  readonly clock: EngineClock;
  /** A fresh ulid. */
  readonly newId: () => string;
  /** Random letters and digits. */
  readonly randomWord: (length: number) => string;
  readonly redact: (text: string) => { readonly text: string; readonly count: number };
  readonly connected: Connected;
  /** Whether this process's environment has a value of that name; absent = nobody asks. */
  readonly hasVariable?: (name: string) => boolean;
  readonly definitions: Definitions;
  readonly world: World;
  readonly projections: Projections;
  readonly ownership: Ownership;
  readonly interrupts: Interrupts;
  /** The log stage's analysis (and low-risk changes), where the definition enables it. */
  readonly improve: (
    run: RunState,
    definition: Definition,
  ) => Promise<NonNullable<StageOutputs['log']['selfImprove']>>;
  /** After the end of a run whose definition has a retention: gives up what is due of that workflow. */
  readonly retain?: (workflowId: string) => Promise<void>;
  /** After the end of a run whose definition says what becomes of improvements with which runs are worse. */
  readonly review?: (run: RunState) => Promise<void>;
  /** At a stop of a run whose definition has `notify`; absent = nobody is told anything. */
  readonly notify?: (run: RunState, definition: Definition) => Promise<readonly Told[]>;
  /** Called with what was just recorded of a run: progress for people. */
  readonly onProgress?: OnProgress;
  /** Called with a sentence that a person should read, and that is no error. */
  readonly onNotice?: (text: string) => void;
};
