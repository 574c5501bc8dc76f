/**
 * An effect was intended by an owner that is gone, and nobody saw its end. Nothing in doubt is blindly repeated: the
 * receiver is asked where it can be, an effect declared idempotent is performed again with the same key, and for the
 * rest a person decides.
 */
import { ExitCode, WfError } from '../errors.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import type { Effect } from '../workflow/state.ts';
import type { RunSession } from './session.ts';

export async function recoverEffect(
  session: RunSession,
  effect: DispatchEffect,
  intended: Effect,
  performAgain: () => Promise<void>,
): Promise<void> {
  const ended = (result: EffectResult) =>
    session.applyOrThrow({ type: 'EffectEnded', effectId: effect.effectId, result });
  if (intended.report !== undefined) {
    // Who was given the work has answered: it was dispatched.
    return ended({ result: 'confirmed', outcome: 'handed_off', receipt: { by: 'report' } });
  }
  const look = await session.ports.world.lookup(effect);
  switch (look.found) {
    case 'performed':
      return ended({ result: 'confirmed', outcome: look.outcome, receipt: look.receipt });
    case 'absent':
      return ended({
        result: 'failed',
        performed: false,
        retryable: true,
        error: { code: 'not-performed', message: 'the receiver does not know it' },
      });
    case 'cannot-tell':
      if (intended.idempotent) return performAgain();
      return ended({
        result: 'unknown',
        reason: {
          code: 'owner-gone',
          message: `the process that was to perform it ended before its result was recorded; ${look.reason}`,
        },
      });
  }
}

/** @throws {WfError} exit 6 while a child of the run's open effect is alive: "absent" proves nothing before it is gone */
export async function assertNoLivingChild(session: Pick<RunSession, 'ports' | 'state'>): Promise<void> {
  for (const effect of session.state.effects) {
    if (effect.status !== 'intended' && effect.status !== 'unknown') continue;
    const child = await session.ports.world.livingChild(effect);
    if (child === null) continue;
    throw new WfError(
      'still-working',
      `step ${effect.step} of run ${session.state.runId} is still working, pid ${child.pid}`,
      {
        exitCode: ExitCode.waits,
        hint: `Wait for it, or end it: wf cancel ${session.state.runId}`,
        retryable: true,
      },
    );
  }
}
