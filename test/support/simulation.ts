/**
 * The whole engine in one process of ours: memory store, simulated clock, a world that only records, and processes
 * that can be killed before or after every append and every act. Nothing here decides anything; the code under test
 * is the real engine.
 */

import { createHash } from 'node:crypto';
import { notifyRun } from '../../src/engine/notify-run.ts';
import type { EnginePorts } from '../../src/engine/ports.ts';
import { isRefusal, WfError } from '../../src/errors.ts';
import type { AnyEvent } from '../../src/events/catalog.ts';
import { type NewEvent, previewOf } from '../../src/events/envelope.ts';
import { runStream } from '../../src/events/streams.ts';
import { NO_USAGE } from '../../src/home/usage-rows.ts';
import { freshUlid } from '../../src/log/event-ids.ts';
import { type AppendResult, ConflictError, type EventStore } from '../../src/log/event-store.ts';
import { createMemoryStore, type MemoryStore } from '../../src/log/memory-store.ts';
import { noKey } from '../../src/projections/key-state.ts';
import { runFiles } from '../../src/projections/run-files.ts';
import { actNamed, stageOfAct } from '../../src/workflow/acts.ts';
import { ruleFor } from '../../src/workflow/approval-rules.ts';
import type { RunContext } from '../../src/workflow/context.ts';
import type { Definition } from '../../src/workflow/definition.ts';
import type { DispatchEffect, EffectResult, LookupResult } from '../../src/workflow/effects.ts';
import { evolve, type FoldableEvent } from '../../src/workflow/evolve.ts';
import { inputFor } from '../../src/workflow/input-fields.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { noRun, type RunState } from '../../src/workflow/state.ts';
import { seededRandom } from './log-helpers.ts';

export const sha256 = (input: string | Uint8Array): string =>
  createHash('sha256').update(input).digest('hex');

const HOME = '/home/of/tests';

/** A process was killed here: everything it had in memory is gone. */
export class Killed extends Error {}

export type Act = { readonly effect: DispatchEffect; readonly result: EffectResult };

export type SimulationOptions = {
  /** Definition files by id. */
  readonly definitions: Readonly<Record<string, object>>;
  /** What each act comes to, in order; the last one goes on. */
  readonly results?: readonly EffectResult[];
  /** Called before every append, clock wait and act: where another process may get its turn. */
  readonly turn?: () => Promise<void>;
  /** Every other process is judged gone, the living ones too: safety must not depend on liveness. */
  readonly livenessLies?: boolean;
  /** What the receiver says when it is asked about an effect whose end nobody saw. */
  readonly lookup?: LookupResult;
  /** Names of targets for messages that are configured. */
  readonly messages?: readonly string[];
  /** What telling a target comes to; default: it arrives. */
  readonly telling?: (target: string) => EffectResult;
};

export const DONE: EffectResult = {
  result: 'confirmed',
  outcome: 'done',
  receipt: { by: 'process', exitCode: 0 },
};
export const JOB: EffectResult = {
  result: 'confirmed',
  outcome: 'handed_off',
  receipt: { by: 'process', exitCode: 0, jobId: 'job-1' },
};
export const BROKEN: EffectResult = {
  result: 'failed',
  performed: true,
  retryable: false,
  error: { code: 'exit-code', message: 'exited with 1' },
  exitCode: 1,
};
export const NOT_PERFORMED: EffectResult = {
  result: 'failed',
  performed: false,
  retryable: true,
  error: { code: 'refused', message: 'connection refused' },
};
export const IN_DOUBT: EffectResult = {
  result: 'unknown',
  reason: { code: 'timed-out', message: 'no answer' },
};

export class Simulation {
  store: MemoryStore;
  readonly acts: Act[] = [];
  readonly bootstraps: string[] = [];
  /** Notifications that went out, in order. */
  readonly told: Act[] = [];
  /** Content of files by path, where a test sets one. */
  readonly contents = new Map<string, string>();
  /** Points passed since {@link killAt} was set; every append and act has one before and one after it. */
  #points = 0;
  #killAt: number | null = null;
  /** Whether a process was killed at the last point that was set. */
  wasKilled = false;
  #nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  #results: EffectResult[];
  #nextPid = 100;
  readonly #living = new Set<number>();
  readonly #options: SimulationOptions;
  readonly #random = seededRandom(7);
  readonly #blobs = new Map<string, Uint8Array>();
  /** As a projector keeps them: each run's state, folded on from where the last projection ended. */
  #projected = new Map<string, RunState>();
  #connected = false;
  /** Definitions whose file was edited: another hash, the same meaning. */
  readonly #edited = new Set<string>();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#results = [...(options.results ?? [DONE])];
    this.store = this.#open([]);
  }

  #open(lines: readonly string[]): MemoryStore {
    return createMemoryStore({ clock: { now: () => this.#nowMs }, random: this.#random, sha256, lines });
  }

  /** The process that runs the next operation is killed at its n-th point. */
  killAt(point: number | null): void {
    this.#points = 0;
    this.#killAt = point;
    if (point !== null) this.wasKilled = false;
  }

  /** What was not on disk is gone. */
  powerCut(): void {
    this.store = this.#open(this.store.durableLines());
    // Only what is on disk is ever projected, and a new process begins with what the log says.
    this.#projected = new Map();
  }

  reopen(): void {
    this.store = this.#open(this.store.lines());
  }

  /** From now on an assistant is connected: `auto` goes to it. */
  connect(): void {
    this.#connected = true;
  }

  editDefinition(id: string): void {
    this.#edited.add(id);
  }

  #project(): void {
    for (const runId of this.runIds()) {
      const before = this.#projected.get(runId) ?? noRun;
      const newer = this.store.events(runStream(runId)).slice(before.version);
      this.#projected.set(runId, foldStream(newer, before));
    }
  }

  /** What was projected step by step is what the log says as a whole, to the byte. */
  rebuild(): void {
    this.#project();
    for (const [runId, state] of this.#projected) {
      const kept = runFiles(state, previewOf);
      const anew = runFiles(this.run(runId), previewOf);
      const same = kept.size === anew.size && [...anew].every(([path, text]) => kept.get(path) === text);
      if (!same) throw new Error(`the projection of run ${runId} is not what a rebuild gives`);
    }
  }

  now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  sleep(ms: number): void {
    this.#nowMs += ms;
  }

  willResult(results: readonly EffectResult[]): void {
    this.#results = [...results];
  }

  async #turn(): Promise<void> {
    await this.#options.turn?.();
  }

  #point(pid: number): void {
    if (!this.#living.has(pid)) throw new Killed();
    this.#points += 1;
    if (this.#killAt !== null && this.#points >= this.#killAt) {
      this.#living.delete(pid);
      this.wasKilled = true;
      throw new Killed();
    }
  }

  /** Runs an operation as a process of its own. Answers what it threw, if it was refused or killed. */
  async process<T>(operation: (ports: EnginePorts) => Promise<T>): Promise<T | WfError | Killed> {
    const pid = this.#nextPid++;
    this.#living.add(pid);
    try {
      return await operation(this.#ports(pid));
    } catch (error) {
      if (error instanceof Killed || error instanceof WfError) return error;
      throw error;
    } finally {
      this.#living.delete(pid);
      this.killAt(null);
    }
  }

  #ports(pid: number): EnginePorts {
    const never = new AbortController().signal;
    const ports: EnginePorts = {
      home: HOME,
      store: this.#storeOf(pid),
      blobs: {
        put: async (bytes) => {
          const hash = sha256(bytes);
          this.#blobs.set(hash, bytes);
          return hash;
        },
        get: async (hash) => this.#blobs.get(hash) ?? null,
      },
      sha256,
      clock: {
        now: () => this.#nowMs,
        sleep: async (ms, signal) => {
          await this.#turn();
          if (signal?.aborted === true) return;
          this.#nowMs += Math.max(ms, 1);
          this.#assertAlive(pid);
        },
      },
      newId: () => freshUlid(this.#nowMs, this.#random),
      randomWord: (length) => Array.from(this.#random(length), (byte) => 'abcdefgh'[byte % 8]).join(''),
      redact: (text) => ({ text, count: 0 }),
      connected: {
        ...(this.#connected ? { openclaw: {} } : {}),
        messages: new Set(this.#options.messages ?? []),
      },
      definitions: {
        load: async (id) => this.#load(id),
        parse: async (body) => normaliseDefinition(JSON.parse(body)),
      },
      world: {
        dispatch: (effect) => this.#act(pid, effect),
        lookup: async () => this.#options.lookup ?? { found: 'cannot-tell', reason: 'nobody keeps a list' },
        livingChild: async () => null,
        endChild: async () => true,
        cleanUp: () => undefined,
        toolCommand: (tool) => [tool.command ?? '', ...tool.args],
        bootstrap: async (tool) => {
          this.#point(pid);
          this.bootstraps.push(tool.name);
          await this.#turn();
          this.#point(pid);
          return { ok: true };
        },
        hashFiles: async (paths) =>
          paths.map((file) => ({ file, sha256: sha256(this.contents.get(file) ?? file) })),
        checkFiles: async (files) => files.map(({ file }) => ({ file, exists: true })),
      },
      projections: {
        project: async () => {
          const head = await this.store.head();
          if (head !== null) await this.store.sync(head);
          this.#project();
        },
        projectIfQuick: async () => undefined,
        writeEarly: async () => undefined,
        keepUp: async () => undefined,
        keyState: () => noKey,
        pauseState: () => ({ version: 0, pause: null }),
        isRegistered: () => false,
        analysisInput: () => {
          throw new Error('no analysis here');
        },
        improvementFacts: () => ({ proposal: null, improvements: [] }),
        effectRows: async () => null,
        usage: async () => NO_USAGE,
      },
      ownership: {
        self: { host: 'h', bootId: 'b', pid, pidStart: String(pid) },
        stateOf: (owner) =>
          this.#living.has(owner.pid) && (owner.pid === pid || this.#options.livenessLies !== true)
            ? 'alive'
            : 'gone',
      },
      interrupts: { stop: never, force: never },
      improve: async () => ({ suggestions: 0, applied: [] }),
      notify: (run, definition) => notifyRun(ports, run, definition),
    };
    return ports;
  }

  #assertAlive(pid: number): void {
    if (!this.#living.has(pid)) throw new Killed();
  }

  #storeOf(pid: number): EventStore {
    const guarded = async <T>(append: () => Promise<T>): Promise<T> => {
      await this.#turn();
      this.#point(pid);
      const result = await append();
      this.#point(pid);
      return result;
    };
    const store = () => this.store;
    const assertOwn = (stream: string, events: readonly NewEvent[]): void => {
      for (const { type, meta } of events) {
        if (meta?.epoch === undefined) continue;
        const lease = this.store
          .events(stream)
          .find((event) => event.type === 'RunLeased' && event.streamVersion === meta.epoch);
        const owner = (lease?.data as { owner?: { pid: number } } | undefined)?.owner;
        if (owner?.pid !== pid)
          throw new Error(`process ${pid} writes ${type} under the epoch of ${owner?.pid}`);
      }
    };
    return {
      capabilities: this.store.capabilities,
      append: (...args) => guarded(() => store().append(...args)),
      // Each commit is atomic by itself, so a process may die, or another get its turn, between any two of them.
      appendInOrder: async (commits, options) => {
        const results: AppendResult[] = [];
        for (const [index, commit] of commits.entries()) {
          const { stream, expectedVersion, events, commitId } = commit;
          const append = async () => {
            const result = await store().append(stream, expectedVersion, events, { ...options, commitId });
            assertOwn(stream, events);
            return result;
          };
          results.push(
            await guarded(append).catch((error: unknown) => {
              if (!(error instanceof ConflictError)) throw error;
              throw new ConflictError(error.stream, error.expected, error.actual, index);
            }),
          );
        }
        return results;
      },
      read: (...args) => store().read(...args),
      readAll: (...args) => store().readAll(...args),
      subscribe: (...args) => store().subscribe(...args),
      sync: (...args) => store().sync(...args),
      head: () => store().head(),
      headOf: (...args) => store().headOf(...args),
      close: async () => undefined,
    };
  }

  #load(id: string) {
    const raw = this.#options.definitions[id];
    if (raw === undefined) throw new WfError('workflow-unknown', id, { exitCode: 3 });
    const body = JSON.stringify(this.#edited.has(id) ? { ...raw, description: 'edited' } : raw);
    const definition: Definition = normaliseDefinition(raw);
    return {
      id,
      source: 'home' as const,
      file: `${id}.json`,
      body,
      hash: sha256(body),
      definition,
      warnings: [],
    };
  }

  async #act(pid: number, effect: DispatchEffect): Promise<EffectResult> {
    await this.#turn();
    this.#point(pid);
    if (effect.step.startsWith('notify.')) return this.#tell(pid, effect);
    this.#assertMayAct(effect);
    const result = (this.#results.length > 1 ? this.#results.shift() : this.#results[0]) ?? DONE;
    this.acts.push({ effect, result });
    this.#point(pid);
    return result;
  }

  /** A notification has to have its claim on disk, and goes out once. */
  #tell(pid: number, effect: DispatchEffect): EffectResult {
    const intent = this.store
      .events()
      .find(
        ({ type, data }) =>
          type === 'NotificationIntended' && (data as { noticeId: string }).noticeId === effect.effectId,
      );
    const durable = new Set(this.store.durableLines());
    if (intent === undefined || !durable.has(this.store.lines()[intent.seq - 1] ?? ''))
      throw new Error(`notification ${effect.key} before its claim is durable`);
    if (this.told.some((one) => one.effect.key === effect.key))
      throw new Error(`notification ${effect.key} twice`);
    const result = this.#options.telling?.(effect.target ?? '') ?? DONE;
    this.told.push({ effect, result });
    this.#point(pid);
    return result;
  }

  /** The rules of an act, judged from the log as it is on disk at this very moment. */
  #assertMayAct(effect: DispatchEffect): void {
    const durable = new Set(this.store.durableLines());
    const lines = this.store.lines();
    const events = this.store.events(runStream(effect.runId));
    const intent = events.find(
      (event) =>
        event.type === 'EffectIntended' && (event.data as { effectId: string }).effectId === effect.effectId,
    );
    if (intent === undefined) throw new Error(`act ${effect.key} without an intent`);
    if (!durable.has(lines[intent.seq - 1] ?? ''))
      throw new Error(`act ${effect.key} before its intent is durable`);
    const run = foldStream(events);
    const earlier = run.effects.filter(
      (other) => other.step === effect.step && other.effectId !== effect.effectId,
    );
    const own = run.effects.find((other) => other.effectId === effect.effectId);
    for (const other of earlier) {
      // A check is made anew with its stage, and work that was sent back is done again.
      if (stageOfAct(effect.step) === 'verify' && other.status === 'done') continue;
      const redoFrom = run.redo?.fromAttempt ?? 0;
      if (other.stageAttempt < redoFrom && (own?.stageAttempt ?? 0) >= redoFrom) continue;
      if (!['not_performed', 'withdrawn', 'failed'].includes(other.status)) {
        throw new Error(`act ${effect.key} although ${other.effectId} is ${other.status}`);
      }
    }
    // A living process that is taken for dead may act late, once: then the log says "in doubt", which is the truth.
    const late = own?.status === 'unknown' && this.#options.livenessLies === true;
    if (own?.status !== 'intended' && !(own?.status === 'unknown' && own.idempotent) && !late) {
      throw new Error(`act ${effect.key} although the log says it is ${own?.status}`);
    }
    const before = this.acts.filter((act) => act.effect.key === effect.key).length;
    if (before > 0 && own?.idempotent !== true)
      throw new Error(`act ${effect.key} twice, and it is not idempotent`);
    const definition = normaliseDefinition(this.#options.definitions[run.workflowId]);
    const act = actNamed(definition, effect.step);
    if (act !== undefined && ruleFor({ definition }, run, act) !== undefined) {
      const granted = run.approvals.some(
        (approval) =>
          approval.approvalId === own?.approvalId &&
          approval.status === 'granted' &&
          approval.covers.some((cover) => cover.step === effect.step),
      );
      const spent = earlier.some(
        (other) =>
          other.approvalId === own?.approvalId &&
          other.status !== 'not_performed' &&
          other.status !== 'withdrawn',
      );
      if (spent) throw new Error(`act ${effect.key} under a grant that was spent`);
      if (!granted) throw new Error(`act ${effect.key} without the grant it needs`);
    }
  }

  run(runId: string): RunState {
    return foldStream(this.store.events(runStream(runId)));
  }

  /** What a run is decided by, with its definition as the options have it. */
  contextOf(runId: string): RunContext {
    const run = this.run(runId);
    const definition = normaliseDefinition(this.#options.definitions[run.workflowId]);
    const input = inputFor(definition, String(run.input));
    if (isRefusal(input)) throw new Error(input.message);
    const { definitionHash } = run;
    return { definition, definitionHash, input, home: HOME, connected: {}, sha256 };
  }

  runIds(): string[] {
    const started = this.store.events().filter((event) => event.type === 'RunStarted');
    return started.map((event) => (event.data as { runId: string }).runId);
  }
}

type Events = ReturnType<MemoryStore['events']>;
export const foldStream = (events: Events, from: RunState = noRun): RunState =>
  events.reduce((state, event) => evolve(state, event as unknown as FoldableEvent), from);

/** What must hold of every log, whatever happened. */
export function assertInvariants(simulation: Simulation): void {
  const events = simulation.store.events() as unknown as readonly (AnyEvent & {
    stream: string;
    streamVersion: number;
    meta?: { epoch?: number };
  })[];
  const finishedOfKey = new Map<string, Set<string>>();
  for (const runId of simulation.runIds()) {
    const own = events.filter((event) => event.stream === runStream(runId));
    assertOwnership(runId, own);
    assertStages(runId, own);
    const run = simulation.run(runId);
    if (!run.forced && (run.status === 'completed' || run.status === 'handed_off')) {
      const holders = finishedOfKey.get(`${run.workflowId}\n${run.key}`) ?? new Set();
      holders.add(runId);
      finishedOfKey.set(`${run.workflowId}\n${run.key}`, holders);
      if (holders.size > 1) throw new Error(`key ${run.key} has finished runs ${[...holders].join(', ')}`);
    }
  }
}

function assertOwnership(
  runId: string,
  own: readonly { type: string; streamVersion: number; meta?: { epoch?: number } }[],
): void {
  let epoch = 0;
  own.forEach((event, i) => {
    if (event.streamVersion !== i + 1)
      throw new Error(`run ${runId}: version ${event.streamVersion} at place ${i + 1}`);
    if (event.type === 'RunLeased') epoch = event.streamVersion;
    else if (event.meta?.epoch !== undefined && event.meta.epoch !== epoch) {
      throw new Error(`run ${runId}: ${event.type} under epoch ${event.meta.epoch}, lease ${epoch}`);
    }
  });
}

function assertStages(runId: string, own: readonly (AnyEvent & { streamVersion: number })[]): void {
  const open = new Map<string, number>();
  for (const event of own) {
    if (event.type === 'StageStarted') open.set(event.data.stage, event.data.attempt);
    if (event.type === 'StageCompleted' || event.type === 'StageFailed') {
      if (open.get(event.data.stage) !== event.data.attempt) {
        throw new Error(
          `run ${runId}: ${event.type} of ${event.data.stage} ${event.data.attempt} that was not started`,
        );
      }
      open.delete(event.data.stage);
    }
  }
}
