/**
 * A home that is nowhere: the real engine over a log in memory, a clock that jumps, recorders instead of effects, and
 * processes that die at the points they are told to. No file, no child process, no network: there is nothing here
 * that could reach one.
 */
import { bug, WfError } from '../../errors.ts';
import { type NewEvent, previewOf, type StoredEvent } from '../../events/envelope.ts';
import { runStream } from '../../events/streams.ts';
import { freshUlid } from '../../log/event-ids.ts';
import { type AppendResult, ConflictError, type EventStore, type Sha256Hex } from '../../log/event-store.ts';
import { createMemoryStore, type MemoryStore } from '../../log/memory-store.ts';
import { noKey } from '../../projections/key-state.ts';
import { type FileMap, runFiles } from '../../projections/run-files.ts';
import { evolve } from '../../workflow/evolve.ts';
import { noRun, type RunState } from '../../workflow/state.ts';
import { isBehind } from '../keep-up.ts';
import { asRunEvent } from '../load-run.ts';
import type { EnginePorts, LoadedDefinition, World } from '../ports.ts';
import { noRecords, type Records } from './acts.ts';
import { type Crash, CrashPoints, Killed } from './crashes.ts';
import { recorders } from './recorders.ts';
import type { Scenario } from './scenario.ts';

export type ScratchOptions = {
  readonly loaded: LoadedDefinition;
  /** Named in rendered texts only; nothing looks there. */
  readonly home: string;
  readonly connected: EnginePorts['connected'];
  readonly redact: EnginePorts['redact'];
  readonly sha256: Sha256Hex;
  readonly toolCommand: World['toolCommand'];
  readonly declaresKey: boolean;
  readonly scenario: Scenario;
  readonly crashes: readonly Crash[];
};

export type Image = {
  /** Whether a power cut there leaves something else than a kill. */
  readonly powerMatters: boolean;
  /** Two points with the same name leave the same: whoever comes next cannot tell them apart. */
  readonly name: string;
};

export type Crashed = {
  readonly crash: Crash;
  readonly place: string;
  /** As it is found by whoever comes next; null when nothing of it is in the log. */
  readonly run: RunState | null;
  /** How many acts had begun. */
  readonly acts: number;
  /** The effect whose act was under way. */
  readonly acting: string | null;
};

/** Any day: what is tortured has none. */
const BEGIN_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

export class ScratchHome {
  readonly records: Records = noRecords();
  readonly points: CrashPoints;
  /** The crashes that happened, with the state of the run right then, as it is found by whoever comes next. */
  readonly crashed: Crashed[] = [];
  /** For each point passed: what a crash there leaves. */
  readonly images: Image[] = [];
  /** The run that the files of the home were last folded from, and how far into the log that was. */
  #projected: RunState | null = null;
  #projectedSeq = 0;
  #store: MemoryStore;
  #nowMs = BEGIN_MS;
  #pid = 1000;
  #boot = 1;
  #alive = false;
  /** The effect whose process is at work now, and the one whose process outlived its engine. */
  #working: string | null = null;
  #orphan: string | null = null;
  /** Runs as far as they were looked at; what is in the log does not change. */
  readonly #folded = new Map<string, RunState>();
  readonly #options: ScratchOptions;
  readonly #random = sequence(7);
  readonly #blobs = new Map<string, Uint8Array>();

  constructor(options: ScratchOptions) {
    this.#options = options;
    this.points = new CrashPoints(options.crashes);
    this.#store = this.#open([]);
  }

  #open(lines: readonly string[]): MemoryStore {
    const { sha256 } = this.#options;
    return createMemoryStore({ clock: { now: () => this.#nowMs }, random: this.#random, sha256, lines });
  }

  /** Runs a command as a process of its own; `killed` when a crash came first. */
  async process<T>(command: (ports: EnginePorts) => Promise<T>): Promise<T | WfError | 'killed'> {
    this.#pid += 1;
    this.#alive = true;
    const ports = this.#ports(this.#pid);
    try {
      const answer = await command(ports);
      // Somebody may have swallowed the death; what a dead process answers, nobody hears.
      return this.#alive ? answer : 'killed';
    } catch (error) {
      if (!this.#alive || error instanceof Killed) return 'killed';
      if (error instanceof WfError && error.code !== 'bug') return error;
      throw error;
    } finally {
      this.#alive = false;
    }
  }

  #assertAlive(pid: number): void {
    if (pid !== this.#pid || !this.#alive) throw new Killed();
  }

  #pass(pid: number, place: string): void {
    this.#assertAlive(pid);
    const acting = this.#working;
    this.images.push(this.#image());
    const crash = this.points.pass(place);
    if (crash === null) return;
    this.#alive = false;
    this.#orphan = crash.power ? null : acting;
    this.#working = null;
    if (crash.power) {
      this.#boot += 1;
      this.#store = this.#open(this.#store.durableLines());
      this.#folded.clear();
    }
    this.crashed.push({ crash, place, run: this.run(), acts: this.records.acts.length, acting });
    throw new Killed();
  }

  #image(): Image {
    const { acts, bootstraps, lookups, fileLooks } = this.records;
    const lines = this.#store.lines().length;
    const durable = this.#store.durableLines().length;
    // Who gave a command gives it again when it was cut off: the same disk after another command is another moment.
    const world = [this.#pid, acts.length, bootstraps.length, lookups.length, fileLooks, this.#working];
    return {
      powerMatters: this.#working !== null || durable < lines,
      name: [lines, durable, this.#projectedSeq, ...world].join(' '),
    };
  }

  /** The files of the home as the last projection left them; null = nothing was ever projected. */
  files(): FileMap | null {
    return this.#projected === null ? null : runFiles(this.#projected, previewOf);
  }

  /** Whether the files are of this very state: they are a function of it. */
  isProjected({ runId, version }: RunState): boolean {
    return this.#projected?.runId === runId && this.#projected.version === version;
  }

  runIds(): readonly string[] {
    const started = this.#store.events().filter(({ type }) => type === 'RunStarted');
    return started.map(({ data }) => (data as { runId: string }).runId);
  }

  /** The newest run as the log has it; null before the first. */
  run(): RunState | null {
    return this.runs().at(-1) ?? null;
  }

  /** In the order they were started. */
  runs(): readonly RunState[] {
    return this.runIds().map((runId) => {
      const before = this.#folded.get(runId) ?? noRun;
      const run = fold(this.#store.events(runStream(runId)).slice(before.version), before);
      this.#folded.set(runId, run);
      return run;
    });
  }

  #ports(pid: number): EnginePorts {
    const { loaded, home, connected, redact, sha256 } = this.#options;
    const never = new AbortController().signal;
    return {
      home,
      store: this.#storeOf(pid),
      blobs: {
        put: async (bytes) => {
          this.#assertAlive(pid);
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
          if (signal?.aborted === true) return;
          this.#assertAlive(pid);
          this.#nowMs += Math.max(ms, 1);
        },
      },
      newId: () => freshUlid(this.#nowMs, this.#random),
      randomWord: (length) => Array.from(this.#random(length), (byte) => 'abcdefgh'[byte % 8]).join(''),
      redact,
      connected,
      definitions: {
        load: async () => loaded,
        parse: async () => loaded.definition,
      },
      world: this.#world(pid),
      projections: {
        project: () => this.#project(pid),
        keepUp: async (told) => {
          const head = (await this.#store.head())?.seq ?? 0;
          if (isBehind(this.#projectedSeq, head, told?.seq ?? 0)) await this.#project(pid);
        },
        keyState: () => noKey,
        isRegistered: () => false,
        analysisInput: () => {
          throw bug('a tortured run analyses nothing');
        },
        improvementFacts: () => ({ proposal: null, improvements: [] }),
      },
      ownership: {
        self: { host: 'scratch', bootId: `boot-${this.#boot}`, pid, pidStart: String(pid) },
        // One process at a time: every other one has ended.
        stateOf: (owner) => (owner.pid === pid ? 'alive' : 'gone'),
      },
      interrupts: { stop: never, force: never },
      improve: async () => ({ suggestions: 0, applied: [] }),
    };
  }

  #world(pid: number): World {
    const { scenario, declaresKey, toolCommand } = this.#options;
    return recorders({
      scenario,
      declaresKey,
      toolCommand,
      records: this.records,
      pass: (place) => this.#pass(pid, place),
      working: (effectId) => {
        this.#working = effectId;
      },
      livingChild: (effectId) => {
        const lives = this.#orphan === effectId;
        // It is seen once, and has ended when somebody looks again.
        if (lives) this.#orphan = null;
        return lives;
      },
      durableEffects: (runId) => {
        const onDisk = this.#store.durableLines().length;
        return fold(this.#store.events(runStream(runId)).filter(({ seq }) => seq <= onDisk)).effects;
      },
      projected: (path) =>
        /^(?:state\/runs|outbox|tasks)\//.test(path)
          ? typeof this.files()?.get(path) === 'string'
          : undefined,
    });
  }

  /** As the projector does: the durable log, folded into whole files. */
  async #project(pid: number): Promise<void> {
    this.#pass(pid, 'before the projections were written');
    const head = await this.#store.head();
    if (head !== null) await this.#store.sync(head);
    this.#projected = this.run();
    this.#projectedSeq = head?.seq ?? 0;
    this.#pass(pid, 'after the projections were written');
  }

  #storeOf(pid: number): EventStore {
    const store = (): MemoryStore => {
      this.#assertAlive(pid);
      return this.#store;
    };
    const guarded = async <T>(events: readonly NewEvent[], append: () => Promise<T>): Promise<T> => {
      const what = events.map(({ type }) => type).join(', ');
      this.#pass(pid, `before ${what} was recorded`);
      const result = await append();
      this.#pass(pid, `after ${what} was recorded`);
      return result;
    };
    return {
      capabilities: this.#store.capabilities,
      append: (stream, version, events, options) =>
        guarded(events, () => store().append(stream, version, events, options)),
      // One write to a file may be cut between any two of its commits, so each is a write of its own here; what makes
      // them durable comes with the last, as it does there.
      appendInOrder: async (commits, options) => {
        const results: AppendResult[] = [];
        for (const [index, { stream, expectedVersion, events, commitId }] of commits.entries()) {
          const durable = options.durable && index === commits.length - 1;
          const append = () => store().append(stream, expectedVersion, events, { durable, commitId });
          results.push(await guarded(events, append).catch((error: unknown) => rethrowAt(error, index)));
        }
        return results;
      },
      read: (...args) => store().read(...args),
      readAll: (...args) => store().readAll(...args),
      subscribe: (...args) => store().subscribe(...args),
      sync: async (upTo) => store().sync(upTo),
      head: async () => store().head(),
      headOf: async (stream) => store().headOf(stream),
      close: async () => undefined,
    };
  }
}

function rethrowAt(error: unknown, index: number): never {
  if (!(error instanceof ConflictError)) throw error;
  throw new ConflictError(error.stream, error.expected, error.actual, index);
}

const fold = (events: readonly StoredEvent[], from = noRun): RunState =>
  events.reduce((state, event) => evolve(state, asRunEvent(event)), from);

/** The same bytes for every life, so that a finding can be looked at again. */
function sequence(seed: number): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
