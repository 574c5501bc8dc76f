/**
 * Random characters inside the data of every event that may carry words of the user. The hash of a line's data stays
 * in the log when the data is erased; without the salt anybody could confirm a guessed short task by it.
 */
import type { RunEvent } from '../events/run-events.ts';

const SALTED: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  'StageCompleted',
  'StageFailed',
  'EffectIntended',
  'EffectConfirmed',
  'EffectFailed',
  'EffectUnknown',
  'ApprovalRequested',
  'ApprovalRejected',
  'RunFailed',
  'RunCancelled',
]);

export const withSalt = (event: RunEvent, salt: string): RunEvent =>
  // The key is the same in all of them, which the union of event types cannot express.
  SALTED.has(event.type) ? ({ ...event, data: { ...event.data, salt } } as RunEvent) : event;

/** State never holds a salt: it says nothing, and projections would show it. */
export function withoutSalt<E extends RunEvent>(event: E): E {
  if (!('salt' in event.data)) return event;
  const { salt: _salt, ...data } = event.data;
  return { ...event, data } as E;
}
