/** Facts about one idempotency key: stream `key/<sha256 of workflowId, newline, key>`. */
import { z } from 'zod';
import { count, type EventOf, id, sha256Hex } from './shared.ts';

export const keyEventSchemas = {
  /** A run is promised for the key. Pending until the run's stream has moved past `runVersion`. */
  KeyClaimed: z.strictObject({
    workflowId: id,
    key: z.string(),
    runId: id,
    /** Version of the run's stream when claimed; 0 = a new run. */
    runVersion: count,
    inputHash: sha256Hex,
    forced: z.boolean(),
  }),
  /** A request was answered with a run that exists. */
  RunReused: z.strictObject({ workflowId: id, key: z.string(), runId: id, status: z.string() }),
  /** A request was refused, and why. */
  RunRefused: z.strictObject({
    workflowId: id,
    key: z.string(),
    reason: z.string(),
    message: z.string(),
    runId: id.exactOptional(),
  }),
} as const;
export type KeyEvent = EventOf<typeof keyEventSchemas>;
