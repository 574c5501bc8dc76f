/** Leases a run that stopped and drives it to its next stop: the one way from a stop back to work. */
import { isRefusal, refusalToError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import type { Commit } from '../log/event-store.ts';
import type { RunContext } from '../workflow/context.ts';
import { classify } from '../workflow/stages/classify.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { whileAtWork } from './at-work.ts';
import { drive } from './drive.ts';
import { flushAdmitted } from './flush-admitted.ts';
import { contextOf } from './load-run.ts';
import { assertNotPaused } from './pause-gate.ts';
import type { EnginePorts, LoadedDefinition } from './ports.ts';
import { assertFields } from './prepare-request.ts';
import { assertNobodyAtWork } from './recover-effect.ts';
import { registration } from './registration.ts';
import { RunSession } from './session.ts';

export type ContinueOptions = {
  /** Who asks: recorded in RunResumed. */
  readonly by: string;
  /** Take a lease of another host, which cannot be judged from here. */
  readonly takeOver?: boolean;
  /** Called once the lease is recorded: from here on the run does go on. */
  readonly onLeased?: () => void;
};

/** Leases the run and drives it to its next stop. @throws {LostRace} when somebody else leased it first */
export async function continueRun(
  ports: EnginePorts,
  run: RunState,
  options: ContinueOptions,
  claims: readonly Commit[] = [],
  current?: LoadedDefinition,
): Promise<Answer> {
  await assertNotPaused(ports, run.workflowId, run.runId);
  const pinned = await contextOf(ports, run);
  const context: RunContext =
    current === undefined
      ? pinned
      : { ...pinned, definition: current.definition, definitionHash: current.hash };
  // Asked before the run is leased: once it is, a template without its value could only fail in its middle.
  if (current !== undefined) assertFields(current, context.input);
  const session = new RunSession(ports, context, run);
  await assertNobodyAtWork(session);
  if (run.requestedRoute !== undefined) {
    const route = classify(context.definition, context.input, run.requestedRoute);
    if (isRefusal(route)) throw refusalToError(route);
  }
  const refusal = await session.apply({
    type: 'Continue',
    owner: ports.ownership.self,
    by: options.by,
    ...(current === undefined ? {} : { adopt: current.hash }),
  });
  if (refusal !== null) throw refusalToError(refusal);
  if (run.lease !== null) cleanUpAfter(session, run);
  const registered = current === undefined ? [] : await registration(ports, current);
  await whileAtWork(ports, runStream(run.runId), async () => {
    if (run.lease !== null) await session.flush({ durable: false }, [...registered, ...claims]);
    else await flushAdmitted(session, { runId: run.runId, runVersion: run.version }, registered, claims);
    failpoint('run.leased');
    options.onLeased?.();
    await drive(session);
  });
  return { kind: 'ended', run: session.state, told: session.told };
}

/** Who died with the lease may have died between the record of an act's end and the removal of its files. */
function cleanUpAfter(session: RunSession, run: RunState): void {
  for (const { effectId, dispatcher, status } of run.effects) {
    if (dispatcher === 'manual' || status === 'intended' || status === 'unknown') continue;
    session.whenDurable(() => session.ports.world.cleanUp(effectId));
  }
}
