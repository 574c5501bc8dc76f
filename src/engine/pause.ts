/**
 * `pause` and its lifting: one event each, durable before it is acknowledged. Asked for twice it is recorded once, for
 * what is recorded is what stands.
 */
import type { NewEvent } from '../events/envelope.ts';
import { SYSTEM_STREAM, workflowStream } from '../events/streams.ts';
import { ConflictError } from '../log/event-store.ts';
import type { Pause } from '../projections/pause-state.ts';
import { pauseIn } from './pause-gate.ts';
import type { EnginePorts } from './ports.ts';

/** Null: everything. */
export type PauseScope = string | null;

export const pauseStream = (scope: PauseScope): string =>
  scope === null ? SYSTEM_STREAM : workflowStream(scope);

/** @returns what stands now, and whether this made it so */
export async function pause(
  ports: EnginePorts,
  scope: PauseScope,
  by: string,
  reason?: string,
): Promise<{ readonly changed: boolean; readonly pause: Pause | null }> {
  const said = { by, ...(reason === undefined ? {} : { reason }) };
  const event =
    scope === null
      ? { type: 'HomePaused', data: said }
      : { type: 'WorkflowPaused', data: { workflowId: scope, ...said } };
  return settle(ports, scope, event, (standing) => standing !== null);
}

export async function unpause(
  ports: EnginePorts,
  scope: PauseScope,
  by: string,
): Promise<{ readonly changed: boolean; readonly pause: Pause | null }> {
  const event =
    scope === null
      ? { type: 'HomeUnpaused', data: { by } }
      : { type: 'WorkflowUnpaused', data: { workflowId: scope, by } };
  return settle(ports, scope, event, (standing) => standing === null);
}

async function settle(
  ports: EnginePorts,
  scope: PauseScope,
  event: NewEvent,
  isSo: (standing: Pause | null) => boolean,
): Promise<{ readonly changed: boolean; readonly pause: Pause | null }> {
  const stream = pauseStream(scope);
  for (;;) {
    const version = await ports.store.headOf(stream);
    const before = await pauseIn(ports, stream);
    if (isSo(before)) {
      // Somebody else's fact may not be on disk yet, and is about to be told.
      const head = await ports.store.head();
      if (head !== null) await ports.store.sync(head);
      return { changed: false, pause: before };
    }
    try {
      await ports.store.append(stream, version, [event], { commitId: ports.newId(), durable: true });
      return { changed: true, pause: await pauseIn(ports, stream) };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
