/**
 * Appends facts to a workflow's own stream. A fact is true whatever else was recorded meanwhile, so a lost race for
 * the stream's version is simply run again.
 */
import type { NewEvent } from '../events/envelope.ts';
import { workflowStream } from '../events/streams.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import { ConflictError } from '../log/event-store.ts';
import type { EnginePorts } from './ports.ts';
import { externalise } from './texts.ts';

/** On disk when this resolves. @returns the fact's version in the stream */
export async function recordWorkflowFact(
  ports: EnginePorts,
  workflowId: string,
  fact: WorkflowEvent,
): Promise<number> {
  const event: NewEvent = await externalise(ports.blobs, fact);
  for (;;) {
    const appended = await appendAt(
      ports,
      workflowId,
      await ports.store.headOf(workflowStream(workflowId)),
      event,
    );
    if (appended !== null) return appended;
  }
}

/** Appends where the stream still is at that version. @returns null when it is not: decide again */
export async function appendAt(
  ports: EnginePorts,
  workflowId: string,
  expectedVersion: number,
  event: NewEvent,
): Promise<number | null> {
  try {
    const options = { commitId: ports.newId(), durable: true };
    const { version } = await ports.store.append(
      workflowStream(workflowId),
      expectedVersion,
      [event],
      options,
    );
    return version;
  } catch (error) {
    if (error instanceof ConflictError) return null;
    throw error;
  }
}
