/**
 * approve, reject, report, resolve, cancel: one fact each, durable before it is acknowledged. Whoever asked then
 * carries the run on, unless somebody is at work on it already.
 */
import { runStream } from '../events/streams.ts';
import type { OutsideCommand } from '../workflow/command.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { holderState } from './at-work.ts';
import { follow } from './follow.ts';
import { requireRun } from './load-run.ts';
import { pauseOf } from './pause-gate.ts';
import type { EnginePorts } from './ports.ts';
import { recordFact } from './record-fact.ts';

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
  return carryOn(ports, run, command.type.toLowerCase());
}

/** What was told is kept all the same; the run goes on with it when the pause is over. */
async function isHeld(ports: EnginePorts, run: RunState): Promise<boolean> {
  if (run.status === 'failed' || run.status === 'cancelled') return false;
  const pause = await pauseOf(ports, run.workflowId);
  if (pause === null) return false;
  const { pausedError } = await import('./paused-error.ts');
  const { message, hint } = pausedError(pause, run.workflowId, run.runId);
  ports.onNotice?.(`recorded; ${message}. ${hint}`);
  return true;
}

/** Carries a run to its next stop after a fact was recorded about it. */
export async function carryOn(ports: EnginePorts, run: RunState, by: string): Promise<Answer> {
  if (await isHeld(ports, run)) {
    await ports.projections.project();
    return { kind: 'detached', run };
  }
  const answer = await follow(ports, run.runId, { by });
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
  const ownerLives =
    before.lease !== null && holderState(ports, runStream(runId), before.lease.owner) === 'alive';
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
