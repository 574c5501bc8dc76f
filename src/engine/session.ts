/**
 * One process at work on one run: decides in memory, and appends what it decided in order. What has been decided is
 * told to nobody before `flush`; what was performed is never lost by a conflict: its command is decided again on the
 * newer state. Safety is the epoch alone: a greater one in the log ends the session.
 */
import { conflictError, isRefusal, type Refusal, refusalToError, type WfError } from '../errors.ts';
import { isoTime } from '../events/iso-time.ts';
import { runStream } from '../events/streams.ts';
import { type Commit, ConflictError } from '../log/event-store.ts';
import type { RunCommand } from '../workflow/command.ts';
import type { RunContext } from '../workflow/context.ts';
import { type DecidedEvent, decide, provisional } from '../workflow/decide.ts';
import { evolve } from '../workflow/evolve.ts';
import type { RunState } from '../workflow/state.ts';
import { loadState } from './load-run.ts';
import { LostRace } from './lost-race.ts';
import type { EnginePorts, Told } from './ports.ts';
import { externalise } from './texts.ts';

/** A command as callers give it; the session adds time and randomness. */
export type Ask = RunCommand extends infer C
  ? C extends RunCommand
    ? Omit<C, 'now' | 'salt'>
    : never
  : never;

type Pending = { readonly ask: Ask; readonly events: readonly DecidedEvent[]; readonly commit: Commit };

export class RunSession {
  readonly ports: EnginePorts;
  readonly context: RunContext;
  state: RunState;
  /** Who was told of its stop. */
  told: readonly Told[] = [];
  private pending: Pending[] = [];
  /** True when something that was decided is not yet known to be on disk. */
  private unsynced = false;
  /** Set when a greater epoch was seen in the log. From then on this session decides and records nothing more. */
  private lost: WfError | null = null;
  /** Done after the next durable flush: what is only worth keeping until an end is on disk. */
  private onceDurable: (() => void)[] = [];

  constructor(ports: EnginePorts, context: RunContext, state: RunState) {
    this.ports = ports;
    this.context = context;
    this.state = state;
  }

  /** Decides and evolves in memory; recorded at the next flush. */
  async apply(ask: Ask): Promise<Refusal | null> {
    this.assertNotLost();
    const decided = decide(this.context, this.state, this.freshen(ask));
    if (isRefusal(decided)) return decided;
    if (decided.length === 0) return null;
    const events = await externalise(this.ports.blobs, decided);
    const runId = ask.type === 'Start' ? ask.runId : this.state.runId;
    const commit = {
      stream: runStream(runId),
      expectedVersion: this.state.version,
      events,
      commitId: this.ports.newId(),
    };
    this.pending.push({ ask, events, commit });
    const now = isoTime(this.ports.clock.now());
    for (const event of events) this.state = evolve(this.state, provisional(event, this.state, now));
    return null;
  }

  private freshen(ask: Ask): RunCommand {
    const now = isoTime(this.ports.clock.now());
    return { ...ask, now, salt: this.ports.randomWord(16) } as RunCommand;
  }

  /**
   * Appends what is pending. With `durable` all of it, and everything this session flushed before, is on disk when
   * this resolves: from here on it survives a power cut, and may be acted on and told.
   * @param before commits of other streams that must stand first (a claim, a registration): when one of them
   *   conflicts, nothing of the run is recorded
   * @throws {ConflictError} one of `before` lost its race; {@link LostRace} the run's start or lease did
   * @throws {WfError} exit 4 when somebody else has taken the run over
   */
  async flush(options: { readonly durable: boolean }, before: readonly Commit[] = []): Promise<void> {
    this.assertNotLost();
    await this.append(options, before);
    if (!options.durable) return;
    if (this.unsynced) {
      const head = await this.ports.store.head();
      if (head !== null) await this.ports.store.sync(head);
      this.unsynced = false;
    }
    for (const act of this.onceDurable.splice(0)) act();
  }

  whenDurable(act: () => void): void {
    this.onceDurable.push(act);
  }

  private async append(options: { readonly durable: boolean }, before: readonly Commit[]): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending;
      try {
        const commits = [...before, ...batch.map((one) => one.commit)];
        await this.ports.store.appendInOrder(commits, options);
        this.pending = [];
        this.unsynced = !options.durable;
        this.tell(batch);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError) || error.index < before.length) throw error;
        const recorded = error.index - before.length;
        this.tell(batch.slice(0, recorded));
        await this.decideAgain(batch.slice(recorded));
      }
    }
  }

  private tell(batch: readonly Pending[]): void {
    const events = batch.flatMap((one) => one.events);
    if (events.length > 0) this.ports.onProgress?.(events, this.state, this.context.definition);
  }

  private async decideAgain(lost: readonly Pending[]): Promise<void> {
    const first = lost[0]?.ask;
    // A start or a lease that lost its race is not decided again: whoever wanted it looks at the key first.
    if (first?.type === 'Start' || first?.type === 'Continue' || first?.type === 'WithdrawTask')
      throw new LostRace();
    this.pending = [];
    await this.reload();
    for (const { ask } of lost) await this.apply(ask);
  }

  /** Reads what others have added. Called when nothing is pending. */
  async refresh(): Promise<void> {
    this.assertNotLost();
    const version = await this.ports.store.headOf(runStream(this.state.runId));
    if (version !== this.state.version) await this.reload();
  }

  /** Never takes over a state of another owner: what this session knows ends where its ownership ended. */
  private async reload(): Promise<void> {
    const newer = await loadState(this.ports, this.state.runId);
    if (newer.epoch > this.state.epoch) {
      this.lost = conflictError('taken-over', `run ${this.state.runId} was taken over by another process`, {
        hint: `Look: wf show ${this.state.runId}`,
      });
      throw this.lost;
    }
    this.state = newer;
  }

  private assertNotLost(): void {
    if (this.lost !== null) throw this.lost;
  }

  /** For commands that cannot be refused unless the run was stopped by somebody meanwhile. */
  async applyOrThrow(ask: Ask): Promise<void> {
    const refusal = await this.apply(ask);
    if (refusal !== null) throw refusalToError(refusal);
  }
}
