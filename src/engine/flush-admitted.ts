/** Begins a run, or goes on with one after a stop: the one place where the limits of its workflow are asked. */
import type { Commit } from '../log/event-store.ts';
import type { Admittance } from './admission.ts';
import type { RunSession } from './session.ts';

/**
 * @param registered commits of the workflow's stream that must stand first, at the version it has now
 * @param claims commits of other streams that must stand before the run's own
 * @throws as {@link RunSession.flush}, and {@link WfError} limit-reached (7)
 */
export async function flushAdmitted(
  session: RunSession,
  run: Admittance,
  registered: readonly Commit[],
  claims: readonly Commit[],
): Promise<void> {
  const { ports, context } = session;
  const { definition } = context;
  if (definition.limits === undefined) return session.flush({ durable: false }, [...registered, ...claims]);
  const { withAdmission } = await import('./admission.ts');
  return withAdmission(ports, definition, run, registered, (before) =>
    session.flush({ durable: false }, [...before, ...claims]),
  );
}
