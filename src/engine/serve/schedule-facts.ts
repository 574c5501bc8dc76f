/**
 * Reads and writes what a workflow's stream says of its schedules. Everything is decided at one version of the stream
 * and recorded at that very version, so that several servers settle each slot once.
 */
import type { NewEvent } from '../../events/envelope.ts';
import { workflowStream } from '../../events/streams.ts';
import type { WorkflowEvent } from '../../events/workflow-events.ts';
import { failpoint } from '../../failpoint.ts';
import { ConflictError } from '../../log/event-store.ts';
import { evolveSchedules, type SchedulesAt } from '../../workflow/schedule/schedule-state.ts';
import type { ServePorts } from './serve-ports.ts';

export async function readSchedules(
  { engine, schedulesAt }: Pick<ServePorts, 'engine' | 'schedulesAt'>,
  workflowId: string,
): Promise<SchedulesAt> {
  let { version, schedules } = schedulesAt(workflowId);
  for await (const event of engine.store.read(workflowStream(workflowId), { from: version + 1 })) {
    version = event.streamVersion;
    // The stream holds nothing but a workflow's events: the store has checked type and version.
    schedules = evolveSchedules(schedules, event as unknown as WorkflowEvent);
  }
  return { version, schedules };
}

/**
 * Not synced by itself: the runs it speaks of sync what comes before them, and a skipped slot that a power cut takes
 * back is skipped again. @returns false when somebody else was first: decide again
 */
export async function recordAt(
  { engine }: Pick<ServePorts, 'engine'>,
  workflowId: string,
  version: number,
  events: readonly NewEvent[],
): Promise<boolean> {
  try {
    const options = { commitId: engine.newId(), durable: false };
    await engine.store.append(workflowStream(workflowId), version, events, options);
    failpoint('slot.recorded');
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}
