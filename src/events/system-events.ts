/** Facts about the home itself: stream `system`. */
import { z } from 'zod';
import { count, type EventOf } from './shared.ts';

export const systemEventSchemas = {
  /** `doctor --fix` rewrote what followed the durable mark after a failed sync. */
  LogRepaired: z.strictObject({
    reason: z.enum(['sync-failed']),
    /** Greatest seq known to have been on disk before the repair. */
    durableSeq: count,
    eventsKept: count,
    bytesSetAside: count,
  }),
} as const;
export type SystemEvent = EventOf<typeof systemEventSchemas>;
