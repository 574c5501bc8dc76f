/**
 * An effect was intended by an owner that is gone, and nobody saw its end. Nothing in doubt is blindly repeated: the
 * receiver is asked where it can be, an effect declared idempotent is performed again with the same key, and for the
 * rest a person decides.
 */
import { ExitCode, WfError } from '../errors.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import type { Effect } from '../workflow/state.ts';
import { isSelf } from './at-work.ts';
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
    case 'performed': {
      const { found: _found, ...known } = look;
      return ended({ result: 'confirmed', ...known });
    }
    case 'absent':
      return ended(ABSENT);
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

/**
 * The same question right after an act whose end nobody saw: the receiver may know what this process does not. What
 * an effect declared idempotent does about a doubt needs no answer.
 */
export async function askReceiver(
  ports: RunSession['ports'],
  effect: DispatchEffect,
  doubt: Extract<EffectResult, { result: 'unknown' }>,
): Promise<EffectResult> {
  // "Absent" proves nothing while something of it may still be at work.
  if ((await ports.world.livingChild(effect)) !== null) return doubt;
  const { result: _result, reason: _reason, ...output } = doubt;
  const look = await ports.world.lookup(effect);
  switch (look.found) {
    case 'performed': {
      const { found: _found, ...known } = look;
      return { ...output, ...known, result: 'confirmed' };
    }
    case 'absent':
      return { ...output, ...ABSENT };
    case 'cannot-tell':
      return doubt;
  }
}

const ABSENT = {
  result: 'failed',
  performed: false,
  retryable: true,
  error: { code: 'not-performed', message: 'the receiver does not know it' },
} as const;

/**
 * "It did not happen" proves nothing while who was to do it may live: the process that intended it, or its child.
 * @throws {WfError} exit 6 while one of them is alive
 */
export async function assertNobodyAtWork({
  ports,
  state,
}: Pick<RunSession, 'ports' | 'state'>): Promise<void> {
  for (const effect of state.effects) {
    if (effect.status !== 'intended' && effect.status !== 'unknown') continue;
    const child = await ports.world.livingChild(effect);
    if (child !== null) throw stillWorking(state.runId, effect.step, child.pid);
    const { intender } = effect;
    // One that recorded its own doubt has stopped acting; an open intent may still be carried out.
    if (effect.status !== 'intended' || intender === undefined || isSelf(ports, intender)) continue;
    if (ports.ownership.stateOf(intender) === 'alive')
      throw stillWorking(state.runId, effect.step, intender.pid);
  }
}

const stillWorking = (runId: string, step: string, pid: number): WfError =>
  new WfError('still-working', `step ${step} of run ${runId} is still working, pid ${pid}`, {
    exitCode: ExitCode.waits,
    hint: `Wait for it, or end it: wf cancel ${runId}`,
    retryable: true,
  });
