/**
 * Who was told what about a run or a schedule's slot: stream `notify/<subject>`. Apart from the run's own stream, so
 * that nothing of it can fail, hold or reopen a run. They hold no word of the user.
 */
import { z } from 'zod';
import { receipt } from './run-events.ts';
import { count, type EventOf, id, isoTime, owner, problem } from './shared.ts';

/** What somebody can be told of. */
export const NOTIFY_ON = [
  'failed',
  'completed',
  'handed-off',
  'cancelled',
  'waiting:approval',
  'waiting:outcome',
  'in-doubt',
  'expired',
  'missed',
] as const;
export type NotifyOn = (typeof NOTIFY_ON)[number];

const cause = {
  workflowId: id,
  /** Absent = a slot of a schedule. */
  runId: id.exactOptional(),
  on: z.enum(NOTIFY_ON),
  /** What makes it that very failure, question, doubt: told once for each interval. */
  cause: z.string(),
  /** Place of the definition's rule. */
  rule: count,
  /** Which interval since the cause began; 0 = at once. */
  interval: count,
  /** When it is told again if the cause still lasts; absent = never. */
  again: isoTime.exactOptional(),
};

export const notifyEventSchemas = {
  /** Durable before anybody is told: the claim on this cause, rule, interval and target. */
  NotificationIntended: z.strictObject({
    /** `<subject>.notify.<n>` */
    noticeId: id,
    ...cause,
    /** Name under "messages" in config.json. */
    target: z.string(),
    owner,
  }),
  NotificationSent: z.strictObject({ noticeId: id, receipt }),
  NotificationFailed: z.strictObject({
    noticeId: id,
    /** It may have arrived all the same. */
    inDoubt: z.literal(true).exactOptional(),
    error: problem,
  }),
  /** Nobody could be told: config.json names none of the rule's targets. */
  NotificationSkipped: z.strictObject({ ...cause, targets: z.array(z.string()) }),
} as const;
export type NotifyEvent = EventOf<typeof notifyEventSchemas>;
