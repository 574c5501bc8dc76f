/**
 * Which runs have to go on now: a retry that is due and whose owner is gone, an owner that was killed, an answer that
 * nobody went on with, an approval whose time is over. Judged by the log and by who is alive, never by how long this
 * server has waited: after a sleep it is as right as before.
 */
import { WfError } from '../../errors.ts';
import type { RunState } from '../../workflow/state.ts';
import { isExpired } from '../expire.ts';
import { whatIsDue } from '../follow.ts';
import { loadState } from '../load-run.ts';
import { pauseOf } from '../pause-gate.ts';
import type { EnginePorts } from '../ports.ts';
import type { OpenRun, ServePorts } from './serve-ports.ts';
import { isOfOne, type Workers } from './workers.ts';

/** How often it is asked whether an owner lives, or a pause is over: neither tells anybody when it ends. */
const ASK_AGAIN_MS = 10_000;

/** A run that needs somebody before it can go on. */
export const HOLD_OFF_LONG_MS = 300_000;

/** No stream's version: whatever the run is at, it has to be looked at. */
const UNSEEN = 0;

type Seen = { readonly version: number; readonly lookAtMs: number };

export class DueRuns {
  readonly #ports: ServePorts;
  readonly #workers: Workers;
  /** What was found of each open run: while its stream has not moved, it is looked at again only when it is time. */
  #seen = new Map<string, Seen>();
  /** Runs that could not go on, until when they are left alone. */
  readonly #heldUntilMs = new Map<string, number>();
  /** What was told to be in the way of a run. */
  readonly #toldOf = new Map<string, string>();
  #upTo = 0;

  constructor(ports: ServePorts, workers: Workers) {
    this.#ports = ports;
    this.#workers = workers;
  }

  /** As many as there are open runs. */
  get remembered(): number {
    return this.#seen.size;
  }

  /** When something is to be looked at again although nothing was recorded, in ms since 1970. */
  get nextLookMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { lookAtMs } of this.#seen.values()) next = Math.min(next, lookAtMs);
    return next;
  }

  /** Left alone for so long, whatever its stream does. What is in its way is told once, however often it is tried. */
  holdOff(runId: string, ms: number, message: string): void {
    this.#heldUntilMs.set(runId, this.#ports.engine.clock.now() + ms);
    if (this.#toldOf.get(runId) === message) return;
    this.#toldOf.set(runId, message);
    this.#ports.tell({ kind: 'held', what: `run ${runId}`, message });
  }

  /** Nothing is in its way any more. */
  wentOn(runId: string): void {
    this.#toldOf.delete(runId);
  }

  #holdOf(runId: string): number {
    const untilMs = this.#heldUntilMs.get(runId) ?? 0;
    if (this.#ports.engine.clock.now() >= untilMs) this.#heldUntilMs.delete(runId);
    return untilMs;
  }

  async find(): Promise<readonly RunState[]> {
    const { engine } = this.#ports;
    await engine.projections.project();
    const { runs, upTo } = this.#ports.openRuns(this.#upTo);
    const seen = new Map<string, Seen>();
    const due: RunState[] = [];
    for (const { runId, version } of withHeld(runs, this.#seen)) {
      const before = this.#seen.get(runId);
      if (this.#workers.has(runId)) {
        // Looked at again when that is over: what is recorded of it until then is listed now and never again.
        seen.set(runId, { version: UNSEEN, lookAtMs: engine.clock.now() + ASK_AGAIN_MS });
        continue;
      }
      const heldUntilMs = this.#holdOf(runId);
      if (engine.clock.now() < heldUntilMs) {
        seen.set(runId, { version, lookAtMs: heldUntilMs });
        continue;
      }
      if (before !== undefined && before.version === version && engine.clock.now() < before.lookAtMs) {
        seen.set(runId, before);
        continue;
      }
      const { due: run, ...looked } = await this.#lookOrHold(runId, version);
      seen.set(runId, looked);
      if (run !== undefined) due.push(run);
    }
    this.#seen = seen;
    this.#upTo = upTo;
    for (const runId of this.#heldUntilMs.keys()) this.#holdOf(runId);
    for (const runId of this.#toldOf.keys()) if (!seen.has(runId)) this.#toldOf.delete(runId);
    return due;
  }

  /** One run that cannot be read keeps no other from going on. */
  async #lookOrHold(runId: string, version: number): Promise<Seen & { readonly due?: RunState }> {
    try {
      return await this.#look(runId);
    } catch (error) {
      if (!isOfOne(error)) throw error;
      this.holdOff(runId, HOLD_OFF_LONG_MS, error.message);
      return { version, lookAtMs: this.#ports.engine.clock.now() + HOLD_OFF_LONG_MS };
    }
  }

  async #look(runId: string): Promise<Seen & { readonly due?: RunState }> {
    const { engine } = this.#ports;
    const soon = engine.clock.now() + ASK_AGAIN_MS;
    const run = await loadState(engine, runId);
    const { version } = run;
    // Noting it goes on beside, too: people may be told, and a target that does not answer holds up no look.
    if (isExpired(engine, run)) return { version, lookAtMs: soon, due: run };
    switch (await dueOf(engine, run)) {
      case 'continue': {
        const isPaused = (await pauseOf(engine, run.workflowId)) !== null;
        return isPaused ? { version, lookAtMs: soon } : { version, lookAtMs: soon, due: run };
      }
      case 'wait':
        return { version, lookAtMs: soon };
      case 'nothing':
        return { version, lookAtMs: expiryOf(run) };
    }
  }
}

/** What was handed over is listed once for each event; what was due then and could not go on is kept in mind. */
function withHeld(runs: readonly OpenRun[], seen: ReadonlyMap<string, Seen>): readonly OpenRun[] {
  const listed = new Set(runs.map(({ runId }) => runId));
  const held = [...seen].filter(([runId, { lookAtMs }]) => !listed.has(runId) && Number.isFinite(lookAtMs));
  return [...runs, ...held.map(([runId, { version }]) => ({ runId, version }))];
}

/** A run of another machine is that machine's: who may take it over is a question for a person. */
async function dueOf(engine: EnginePorts, run: RunState): Promise<'nothing' | 'wait' | 'continue'> {
  try {
    return await whatIsDue(engine, run, { by: 'serve' });
  } catch (error) {
    if (error instanceof WfError && error.code === 'other-host') return 'wait';
    throw error;
  }
}

function expiryOf({ waiting, approvals }: RunState): number {
  const approval = approvals.find(
    ({ approvalId }) => waiting?.for === 'approval' && approvalId === waiting.id,
  );
  return approval?.status === 'pending' && approval.expiresAt !== undefined
    ? Date.parse(approval.expiresAt)
    : Number.POSITIVE_INFINITY;
}
