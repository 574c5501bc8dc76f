/**
 * `serve`: looks, again and again, at what is due by the log and by the clock on the wall, and begins it without waiting
 * for it. It keeps nothing of its own but what it is at work on: killed at any moment, the next one goes on; two of them
 * get in nobody's way.
 */
import { WfError } from '../../errors.ts';
import { ConflictError } from '../../log/event-store.ts';
import type { RunState } from '../../workflow/state.ts';
import { continueRun } from '../continue-run.ts';
import { expireIfDue, isExpired } from '../expire.ts';
import { loadState } from '../load-run.ts';
import { LostRace } from '../lost-race.ts';
import { DueRuns, HOLD_OFF_LONG_MS } from './due-runs.ts';
import { endSchedules, runSchedules } from './run-schedules.ts';
import type { ServePorts } from './serve-ports.ts';
import { SlotStarter } from './start-slot.ts';
import { isOfOne, type WorkerEnd, Workers } from './workers.ts';

/** How often it is asked whether the log has grown. */
const TICK_MS = 1000;
/** Two looks are never closer, whatever is due. */
const MIN_TICK_MS = 100;
/** How often everything is looked at although it has not: time passes, processes die and files are edited unasked. */
const LOOK_MS = 10_000;
/** A run that could not go on, and what is in its way goes by itself: a child that still works. */
const HOLD_OFF_MS = 5000;

export class Server {
  readonly #ports: ServePorts;
  readonly #workers: Workers;
  readonly #runs: DueRuns;
  readonly #slots: SlotStarter;

  readonly #onLook: () => void;

  /** @param onLook called at the beginning of every look */
  constructor(ports: ServePorts, onLook: () => void = () => undefined) {
    this.#ports = ports;
    this.#onLook = onLook;
    this.#workers = new Workers((end) => this.#ended(end));
    this.#runs = new DueRuns(ports, this.#workers);
    this.#slots = new SlotStarter(ports, this.#workers);
  }

  /** How many pieces of work it has begun so far. */
  get begun(): number {
    return this.#workers.begun;
  }

  /** What it holds in memory, by the number of things. */
  get held(): { readonly working: number; readonly remembered: number } {
    return { working: this.#workers.size, remembered: this.#runs.remembered };
  }

  /** Does once what is due now. What it begins goes on beside. @throws {WfError} when nothing can be recorded (65, 74) */
  async look(): Promise<void> {
    if (this.#workers.fatal !== null) throw this.#workers.fatal;
    this.#onLook();
    const { engine } = this.#ports;
    for (const run of await this.#runs.find()) {
      if (this.#workers.isFull) break;
      if (isExpired(engine, run)) this.#expire(run);
      else this.#goOn(run);
    }
    const { definitions, broken } = await this.#ports.scheduled();
    const known = new Set([...broken, ...definitions.map(({ id }) => id)]);
    for (const id of this.#ports.scheduledBefore()) if (!known.has(id)) await endSchedules(this.#ports, id);
    for (const loaded of definitions) {
      try {
        await runSchedules(this.#ports, this.#slots, loaded);
      } catch (error) {
        if (!isOfOne(error)) throw error;
        this.#ports.tell({ kind: 'held', what: `workflow ${loaded.id}`, message: error.message });
      }
    }
    this.#ports.notifier?.look(engine.clock.now());
    await engine.projections.keepUp(null);
  }

  /** Resolves when what it is at work on has come to a stop, and nobody is being told anything. */
  async settled(): Promise<void> {
    await this.#workers.settled();
    await this.#ports.notifier?.settled();
    if (this.#workers.fatal !== null) throw this.#workers.fatal;
  }

  /** Until it is told to stop; what is at work then has the time that the engine gives it. */
  async run(): Promise<void> {
    const { clock, interrupts, store } = this.#ports.engine;
    while (!interrupts.stop.aborted) {
      await this.look();
      const lookedAtMs = clock.now();
      const seq = (await store.head())?.seq ?? 0;
      const due = Math.min(lookedAtMs + LOOK_MS, this.#runs.nextLookMs, nextMinute(lookedAtMs));
      const again = Math.max(due, lookedAtMs + MIN_TICK_MS);
      // By the clock on the wall: a machine that slept finds everything due at once. One that was set back looks, too.
      for (let nowMs = lookedAtMs; nowMs >= lookedAtMs && nowMs < again && !interrupts.stop.aborted; ) {
        await clock.sleep(Math.min(TICK_MS, again - nowMs), interrupts.stop);
        nowMs = clock.now();
        if (((await store.head())?.seq ?? 0) !== seq) break;
      }
    }
    await this.settled();
  }

  /** What becomes of it then, the next look sees: it may go on without the step. */
  #expire(run: RunState): void {
    const { engine } = this.#ports;
    this.#workers.begin(run.runId, async () => {
      await expireIfDue(engine, run);
      const after = await loadState(engine, run.runId);
      return { kind: after.status === 'waiting' ? 'followed' : 'ended', run: after };
    });
  }

  #goOn(run: RunState): void {
    const { runId, workflowId } = run;
    const onLeased = (): void => {
      this.#runs.wentOn(runId);
      this.#ports.tell({ kind: 'continued', workflowId, runId });
    };
    this.#workers.begin(runId, () => continueRun(this.#ports.engine, run, { by: 'serve', onLeased }));
  }

  #ended(end: WorkerEnd): void {
    if ('answer' in end) {
      const { kind, run } = end.answer;
      if (kind !== 'ended') return;
      this.#ports.tell({ kind: 'ended', workflowId: run.workflowId, runId: run.runId, status: run.status });
      return;
    }
    const { error, runId } = end;
    // Somebody else was first: the next look sees what they made of it.
    if (error instanceof LostRace || error instanceof ConflictError) return;
    if (error instanceof WfError && error.code === 'interrupted') return;
    const ms = error instanceof WfError && error.retryable ? HOLD_OFF_MS : HOLD_OFF_LONG_MS;
    this.#runs.holdOff(runId, ms, messageOf(error));
  }
}

/** Slots begin with a minute. */
const nextMinute = (nowMs: number): number => (Math.floor(nowMs / 60_000) + 1) * 60_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
