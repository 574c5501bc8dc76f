/**
 * approve, reject, report, resolve, cancel: one fact each, durable before it is acknowledged. Whoever asked then
 * carries the run on, unless somebody is at work on it already.
 */
import { isRefusal, refusalToError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import { ConflictError } from '../log/event-store.ts';
import type { OutsideCommand } from '../workflow/command.ts';
import { decide } from '../workflow/decide.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { follow } from './follow.ts';
import { contextOf, loadState, requireRun, syncSeen } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { externalise } from './texts.ts';

/**
 * Records the fact. Asked again with the same content it changes nothing and succeeds.
 * @throws {WfError} exit 3 for an unknown run, exit 4 when the run's state does not allow it
 */
export async function recordFact(
  ports: EnginePorts,
  runId: string,
  command: OutsideCommand,
): Promise<RunState> {
  for (;;) {
    const run = await requireRun(ports, runId);
    const now = new Date(ports.clock.now()).toISOString();
    const decided = decide(await contextOf(ports, run), run, { ...command, now, salt: ports.randomWord(16) });
    if (isRefusal(decided)) throw refusalToError(decided);
    if (decided.length === 0) {
      await syncSeen(ports);
      return run;
    }
    const events = await externalise(ports.blobs, decided);
    try {
      // Acknowledged only once it is on disk: an approval or a report must survive a power cut.
      await ports.store.append(runStream(runId), run.version, events, {
        commitId: ports.newId(),
        durable: true,
      });
      failpoint('fact.recorded');
      const after = await loadState(ports, runId);
      cleanUpEnded(ports, run, after);
      return after;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** A doubt that was ended leaves files behind that nobody needs any more. */
function cleanUpEnded(ports: EnginePorts, before: RunState, after: RunState): void {
  for (const { effectId, status } of before.effects) {
    const now = after.effects.find((effect) => effect.effectId === effectId)?.status;
    if (status === 'unknown' && now !== 'unknown') ports.world.cleanUp(effectId);
  }
}

/** Records the fact and carries the run to its next stop (`detach`: leaves that to the next command). */
export async function recordAndContinue(
  ports: EnginePorts,
  runId: string,
  command: OutsideCommand,
  options: { readonly detach: boolean },
): Promise<Answer> {
  const run = await recordFact(ports, runId, command);
  if (options.detach) {
    await ports.projections.project();
    return { kind: 'detached', run };
  }
  const answer = await follow(ports, runId, { by: command.type.toLowerCase() });
  if (answer.run.version === run.version) await ports.projections.project();
  return answer;
}

/** Cancels, and ends what is still at work for a run whose owner is gone; a living owner ends its own. */
export async function cancelRun(
  ports: EnginePorts,
  runId: string,
  by: string,
  reason?: string,
): Promise<RunState> {
  const before = await requireRun(ports, runId);
  const ownerLives = before.lease !== null && ports.ownership.stateOf(before.lease.owner) === 'alive';
  const run = await recordFact(ports, runId, {
    type: 'Cancel',
    by,
    ...(reason === undefined ? {} : { reason }),
  });
  if (!ownerLives) {
    for (const effect of before.effects) {
      if (effect.status !== 'intended' && effect.status !== 'unknown') continue;
      const child = await ports.world.livingChild(effect);
      if (child !== null) await ports.world.endChild(child.groupId);
      // Nobody will look at what it left: the run is over, and taken up again it is in doubt without it, too.
      ports.world.cleanUp(effect.effectId);
    }
  }
  await ports.projections.project();
  return run;
}
