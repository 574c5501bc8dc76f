/** Follows a log by looking again at short intervals: file watching misses changes, above all on network disks. */
import { type StoredEvent, seq } from '../events/envelope.ts';
import type { EventStore } from './event-store.ts';

const POLL_MS = 50;

export const followLog = async (
  readAll: EventStore['readAll'],
  after: Parameters<EventStore['subscribe']>[0],
  handler: (event: StoredEvent) => void | Promise<void>,
  { signal, filter }: Parameters<EventStore['subscribe']>[2],
): Promise<void> => {
  let last = after?.seq ?? 0;
  while (!signal.aborted) {
    for await (const event of readAll({ seq: seq(last) })) {
      if (signal.aborted) return;
      if (filter === undefined || filter(event)) await handler(event);
      last = event.seq;
    }
    await pauseUnlessAborted(signal);
  }
};

const pauseUnlessAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    signal.addEventListener('abort', done);
  });
