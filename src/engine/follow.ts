/**
 * Looks on while another process works on a run, and takes the run over once that process is certainly gone. Used by
 * every command that wants a run's end: a duplicate `run`, `resume`, and what follows an approval or a report.
 */
import { conflictError, ExitCode, WfError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { ConflictError } from '../log/event-store.ts';
import { continueReason } from '../workflow/continue-reason.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { holderState } from './at-work.ts';
import { type ContinueOptions, continueRun } from './continue-run.ts';
import { expireIfDue } from './expire.ts';
import { contextOf, requireRun, syncSeen } from './load-run.ts';
import { LostRace } from './lost-race.ts';
import type { EnginePorts } from './ports.ts';

const POLL_MIN_MS = 20;
const POLL_MAX_MS = 500;

/** Resolves when the run is at its end or waits for a person. */
export async function follow(ports: EnginePorts, runId: string, options: ContinueOptions): Promise<Answer> {
  let pollMs = POLL_MIN_MS;
  let followed = false;
  for (;;) {
    const run = await requireRun(ports, runId);
    if (await expireIfDue(ports, run)) continue;
    const due = await whatIsDue(ports, run, options);
    if (due === 'nothing') {
      await syncSeen(ports);
      // Who stopped it may have been killed before its summary was written, and the answer names that file.
      await ports.projections.keepUp(await ports.store.head());
      return { kind: followed ? 'followed' : 'ended', run };
    }
    if (due === 'continue') {
      try {
        return await continueRun(ports, run, options);
      } catch (error) {
        if (!(error instanceof LostRace || error instanceof ConflictError)) throw error;
      }
    }
    followed = true;
    // Nothing was recorded here: it is shown what the other process is at.
    ports.onProgress?.([], run);
    if (ports.interrupts.stop.aborted) {
      throw new WfError('interrupted', `no longer watching; run ${runId} goes on`, {
        exitCode: ExitCode.interrupted,
        hint: `Look: wf show ${runId}`,
      });
    }
    await ports.clock.sleep(pollMs, ports.interrupts.stop);
    pollMs = Math.min(pollMs * 2, POLL_MAX_MS);
  }
}

/** @throws {WfError} other-host (4) where liveness cannot be judged */
export async function whatIsDue(
  ports: EnginePorts,
  run: RunState,
  options: ContinueOptions,
): Promise<'nothing' | 'wait' | 'continue'> {
  if (run.status === 'failed' || run.status === 'cancelled' || run.status === 'completed') return 'nothing';
  const reason = continueReason(await contextOf(ports, run), run);
  if (reason === null) return 'nothing';
  if (run.lease === null) return 'continue';
  switch (holderState(ports, runStream(run.runId), run.lease.owner)) {
    case 'alive':
      return 'wait';
    case 'gone':
      return 'continue';
    case 'other-host':
      if (options.takeOver === true) return 'continue';
      throw conflictError(
        'other-host',
        `run ${run.runId} belongs to a process on another host, which cannot be judged from here`,
        {
          hint: `When that host is certainly not working on it: wf resume ${run.runId} --take-over`,
        },
      );
  }
}
