/**
 * Performs one dispatch whose intent is durable, and says what is certain about it: confirmed, failed, or unknown.
 * `performed: false` is only said when nothing of it can have happened.
 */
import { assertNever } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import { lastLine, outputOf } from './last-words.ts';
import { interpretUnusualEnd, jobIdOf, type Launch, launch, type PerformDeps } from './launch.ts';
import { performOpenclaw } from './openclaw-dispatch.ts';
import { prepareScratch, scratchDir } from './scratch.ts';

export type { PerformDeps } from './launch.ts';
export { removeScratch } from './scratch.ts';

async function performCommand(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const what: Launch = { argv: effect.argv, timeoutMs: effect.timeoutMs };
  const end = await launch(effect, deps, what);
  if (end.end !== 'exited') return interpretUnusualEnd(end, effect, deps, what);
  const output = outputOf(end, deps.redact);
  const { exitCode, durationMs } = end;
  if (exitCode === 0) {
    const jobId = end.truncated ? undefined : jobIdOf(output.stdout);
    const handedOff = effect.awaits === 'dispatch' || jobId !== undefined;
    const receipt = {
      by: 'process',
      exitCode,
      durationMs,
      ...(jobId === undefined ? {} : { jobId }),
    } as const;
    return { result: 'confirmed', outcome: handedOff ? 'handed_off' : 'done', receipt, ...output };
  }
  const [program = ''] = effect.argv;
  const reason = lastLine(output.stderr);
  const message = `${program} exited with ${exitCode}${reason === '' ? '' : `: ${reason}`}`;
  const notPerformed = effect.notPerformedExitCodes.includes(exitCode);
  const error = { code: notPerformed ? 'not-performed' : 'exit-code', message };
  const certainty = notPerformed
    ? { performed: false, retryable: true }
    : { performed: true, retryable: false };
  return { result: 'failed', ...certainty, error, exitCode, ...output };
}

/** Dispatchers whose program finds its message in `message.txt`. */
const SENT_AS_FILE: ReadonlySet<DispatchEffect['dispatcher']> = new Set(['openclaw', 'agent']);

/** Performs the effect once. The caller has made its intent durable and read its epoch again. Never throws. */
export async function performDispatch(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const { home } = deps;
  try {
    const withMessage = SENT_AS_FILE.has(effect.dispatcher) ? { message: effect.message } : {};
    prepareScratch({
      home,
      effectId: effect.effectId,
      runId: effect.runId,
      task: effect.task,
      ...withMessage,
    });
    failpoint('effect.scratch.ready');
  } catch (error) {
    const message = `cannot prepare ${scratchDir(home, effect.effectId)}: ${(error as Error).message}`;
    return {
      result: 'failed',
      performed: false,
      retryable: true,
      error: { code: 'scratch-not-writable', message },
    };
  }
  switch (effect.dispatcher) {
    case 'command':
      return performCommand(effect, deps);
    case 'openclaw':
      return performOpenclaw(effect, deps);
    case 'agent': {
      const { performAgent } = await import('./agent-dispatch.ts');
      return performAgent(effect, deps);
    }
    case 'message': {
      const { performMessage } = await import('./message-dispatch.ts');
      return performMessage(effect, deps);
    }
    case 'http': {
      const { performHttp } = await import('./http-dispatch.ts');
      return performHttp(effect, deps);
    }
    default:
      return assertNever(effect.dispatcher, 'dispatcher');
  }
}
