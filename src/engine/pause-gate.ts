/**
 * Whether a workflow may work: asked before a run starts or goes on, and before each of its acts. The answer is the
 * log's, so a pause outlives every process and is seen by all of them.
 */
import { SYSTEM_STREAM, workflowStream } from '../events/streams.ts';
import { evolvePause, type PausableEvent, type Pause } from '../projections/pause-state.ts';
import type { EnginePorts } from './ports.ts';

type GatePorts = Pick<EnginePorts, 'store' | 'projections'>;

/** The pause of everything comes before the workflow's own. */
export const pauseOf = async (ports: GatePorts, workflowId: string): Promise<Pause | null> =>
  (await pauseIn(ports, SYSTEM_STREAM)) ?? pauseIn(ports, workflowStream(workflowId));

export async function pauseIn({ store, projections }: GatePorts, stream: string): Promise<Pause | null> {
  let { version, pause } = projections.pauseState(stream);
  // These streams hold nothing but events of their family: the store has checked type and version.
  for await (const event of store.read(stream, { from: version + 1 }))
    pause = evolvePause(pause, event as unknown as PausableEvent);
  return pause;
}

/**
 * @param runId the run that cannot go on; absent = none is started
 * @throws {WfError} paused (7)
 */
export async function assertNotPaused(ports: GatePorts, workflowId: string, runId?: string): Promise<void> {
  const pause = await pauseOf(ports, workflowId);
  if (pause !== null) throw (await import('./paused-error.ts')).pausedError(pause, workflowId, runId);
}
