/**
 * A home that is nowhere: the real engine over a log in memory, a clock that jumps, recorders instead of effects, and
 * processes that die at the points they are told to. No file, no child process, no network: there is nothing here
 * that could reach one.
 */
import { WfError } from '../../errors.ts';
import { previewOf } from '../../events/envelope.ts';
import { type FileMap, runFiles } from '../../projections/run-files.ts';
import type { RunState } from '../../workflow/state.ts';
import type { EnginePorts, World } from '../ports.ts';
import { noRecords, type Records } from './acts.ts';
import { type Crash, CrashPoints, Killed } from './crashes.ts';
import { recorders } from './recorders.ts';
import type { Scenario } from './scenario.ts';
import { ScratchLog, storeOf } from './scratch-log.ts';
import { type PortsOptions, scratchPorts } from './scratch-ports.ts';

export type ScratchOptions = PortsOptions & {
  readonly toolCommand: World['toolCommand'];
  /** False when config names a dispatch script of its own, whose jobs cannot be found by our key. */
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
  #pid = 1000;
  #boot = 1;
  #alive = false;
  /** The effect whose process is at work now, and the one whose process outlived its engine. */
  #working: string | null = null;
  #orphan: string | null = null;
  readonly #options: ScratchOptions;
  readonly #log: ScratchLog;
  readonly #clock = { nowMs: BEGIN_MS, now: () => this.#clock.nowMs };
  readonly #random = sequence(7);
  readonly #blobs = new Map<string, Uint8Array>();

  constructor(options: ScratchOptions) {
    this.#options = options;
    this.points = new CrashPoints(options.crashes);
    const { sha256 } = options;
    this.#log = new ScratchLog({ clock: this.#clock, random: this.#random, sha256, sharesEvents: true });
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
      this.#log.powerCut();
    }
    this.crashed.push({ crash, place, run: this.run(), acts: this.records.acts.length, acting });
    throw new Killed();
  }

  #image(): Image {
    const { acts, bootstraps, lookups, fileLooks } = this.records;
    const { lines, durable } = this.#log.extent;
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

  /** The newest run as the log has it; null before the first. */
  run(): RunState | null {
    return this.runs().at(-1) ?? null;
  }

  /** In the order they were started. */
  runs(): readonly RunState[] {
    return this.#log.runs();
  }

  #ports(pid: number): EnginePorts {
    const mortal = {
      pass: (place: string) => this.#pass(pid, place),
      assertAlive: () => this.#assertAlive(pid),
    };
    return scratchPorts({
      ...this.#options,
      ...mortal,
      pid,
      bootId: `boot-${this.#boot}`,
      store: storeOf(this.#log, mortal),
      blobs: this.#blobs,
      clock: this.#clock,
      random: this.#random,
      world: this.#world(pid),
      project: () => this.#project(pid),
      projectedSeq: () => this.#projectedSeq,
    });
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
      durableEffects: (runId) => this.#log.durableRun(runId).effects,
      projected: (path) =>
        /^(?:state\/runs|outbox|tasks)\//.test(path)
          ? typeof this.files()?.get(path) === 'string'
          : undefined,
    });
  }

  /** As the projector does: the durable log, folded into whole files. */
  async #project(pid: number): Promise<void> {
    this.#pass(pid, 'before the projections were written');
    const { store } = this.#log;
    const head = await store.head();
    if (head !== null) await store.sync(head);
    this.#projected = this.run();
    this.#projectedSeq = head?.seq ?? 0;
    this.#pass(pid, 'after the projections were written');
  }
}

/** The same bytes for every life, so that a finding can be looked at again. */
function sequence(seed: number): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
