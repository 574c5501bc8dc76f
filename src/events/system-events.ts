/** Facts about the home itself: stream `system`. */
import { z } from 'zod';
import { count, type EventOf, id, problem, salt, text } from './shared.ts';

export const systemEventSchemas = {
  /** `doctor --fix` rewrote what followed the durable mark after a failed sync. */
  LogRepaired: z.strictObject({
    reason: z.enum(['sync-failed']),
    /** Greatest seq known to have been on disk before the repair. */
    durableSeq: count,
    eventsKept: count,
    bytesSetAside: count,
  }),
  /** From here on no run of any workflow starts and no step of one begins. */
  HomePaused: z.strictObject({ by: z.string(), reason: z.string().exactOptional() }),
  HomeUnpaused: z.strictObject({ by: z.string() }),
  /** Something the script engine had recorded that has no other place here: kept word for word, secrets replaced. */
  LegacyNoted: z.strictObject({
    kind: z.enum(['log-line', 'improvement']),
    /** Relative to the folder that was imported. */
    file: z.string(),
    body: text,
    salt,
  }),
  /** A person agreed to go on without what stood at and after damage; the copy is kept. */
  LogQuarantined: z.strictObject({
    /** Where the damage was: line and byte offset, and what was wrong. */
    line: count,
    offset: count,
    reason: z.string(),
    /** Greatest seq known to have been on disk before. */
    durableSeq: count,
    /** Events that could still be read in it, and lines that could not. */
    eventsSetAside: count,
    unreadableLines: count,
    bytesSetAside: count,
    /** Relative to the home; absent when the log just ended early. */
    file: z.string().exactOptional(),
    /** Runs that lost events, and the first of them. */
    runsTouched: count,
    runs: z.array(id),
  }),
  /** The outside watchdog was not reached; once, until it is reached again. Where it is may be a secret, its host is not. */
  PingFailed: z.strictObject({ host: z.string(), error: problem }),
} as const;
export type SystemEvent = EventOf<typeof systemEventSchemas>;
