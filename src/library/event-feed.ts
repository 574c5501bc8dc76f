/**
 * Events of the log for a loop or a function. The log is the buffer: at most one event is on its way, and the next is
 * read when that one was taken.
 */
import { asWfError } from '../commands/print-error.ts';
import { type StoredEvent, seq } from '../events/envelope.ts';
import { runStream } from '../events/streams.ts';
import { isErased } from '../events/upcast.ts';
import type { EventStore } from '../log/event-store.ts';
import { assertRunId } from './check-arguments.ts';
import type { EngineEvent, EventOptions, Subscription } from './types.ts';

export async function* eventFeed(
  store: EventStore,
  options: EventOptions,
  closing: AbortSignal,
): AsyncGenerator<EngineEvent, void, void> {
  const isWanted = wanted(options);
  try {
    const head = (await store.head()) ?? { seq: seq(0) };
    const after = { seq: seq(options.after === 'now' ? head.seq : (options.after ?? 0)) };
    for await (const event of known(store, options, after, head)) {
      if (closing.aborted) return;
      if (isWanted(event)) yield told(event);
    }
    if (options.follow === false) return;
    const from = after.seq > head.seq ? after : head;
    for await (const event of followed(store, from, isWanted, closing)) yield told(event);
  } catch (error) {
    // Closed while the loop held on to an event: there is no log any more to read on from.
    if (closing.aborted) return;
    throw asWfError(error);
  }
}

/** What stands in the log now; of one run without a look at all others. */
async function* known(
  store: EventStore,
  { runId }: EventOptions,
  after: { readonly seq: StoredEvent['seq'] },
  head: { readonly seq: StoredEvent['seq'] },
): AsyncGenerator<StoredEvent> {
  if (after.seq >= head.seq) return;
  if (runId === undefined) return yield* store.readAll(after, { until: head });
  for await (const event of store.read(runStream(runId)))
    if (event.seq > after.seq && event.seq <= head.seq) yield event;
}

async function* followed(
  store: EventStore,
  from: { readonly seq: StoredEvent['seq'] },
  filter: (event: StoredEvent) => boolean,
  closing: AbortSignal,
): AsyncGenerator<StoredEvent> {
  const left = new AbortController();
  const signal = AbortSignal.any([closing, left.signal]);
  let offered: StoredEvent | undefined;
  let wake = (): void => undefined;
  let taken = (): void => undefined;
  const offer = (event: StoredEvent): Promise<void> => {
    offered = event;
    wake();
    return new Promise((resolve) => {
      taken = resolve;
      if (signal.aborted) resolve();
    });
  };
  // Whoever waits for an event, or for one to be taken, waits no longer.
  signal.addEventListener('abort', () => {
    wake();
    taken();
  });
  let failure: { readonly error: unknown } | undefined;
  const following = store.subscribe(from, offer, { signal, filter }).catch((error: unknown) => {
    failure = { error };
    wake();
  });
  try {
    while (!signal.aborted) {
      const event = offered;
      offered = undefined;
      if (event !== undefined) {
        yield event;
        taken();
      } else if (failure !== undefined) throw failure.error;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (offered !== undefined || failure !== undefined || signal.aborted) resolve();
        });
    }
  } finally {
    left.abort();
    await following;
  }
}

function wanted({ runId, types }: EventOptions): (event: StoredEvent) => boolean {
  if (runId !== undefined) assertRunId(runId);
  const stream = runId === undefined ? undefined : runStream(runId);
  const names = types === undefined ? undefined : new Set<string>(types);
  return (event) =>
    (stream === undefined || event.stream === stream) &&
    (names === undefined || names.has(isErased(event.data) ? 'Erased' : event.type));
}

/** What is the log's own (commit, hashes) stays there. */
function told({ seq, id, ts, stream, streamVersion, type, data }: StoredEvent): EngineEvent {
  const place = { seq, id, ts, stream, streamVersion };
  return (
    isErased(data) ? { ...place, type: 'Erased', data: { was: type } } : { ...place, type, data }
  ) as EngineEvent;
}

/**
 * Hands events to a function until it is closed. An engine that closes still hands over what is in the log by then.
 * @param closing the engine's
 */
export function subscription(
  store: EventStore,
  options: EventOptions,
  handler: (event: EngineEvent) => void | Promise<void>,
  closing: AbortSignal,
): Subscription {
  const left = new AbortController();
  const ended = (async () => {
    const head = options.after === 'now' ? await store.head() : null;
    let after = head?.seq ?? (options.after === 'now' ? 0 : (options.after ?? 0));
    const hand = async (follow: boolean, signal: AbortSignal): Promise<void> => {
      for await (const event of eventFeed(store, { ...options, after, follow }, signal)) {
        await handler(event);
        after = event.seq;
      }
    };
    const follow = options.follow ?? true;
    await hand(follow, AbortSignal.any([closing, left.signal]));
    if (closing.aborted && !left.signal.aborted) await hand(false, left.signal);
  })();
  // Who only closes it must not be ended by a failure that nobody looks at; `ended` still rejects.
  ended.catch(() => undefined);
  return {
    ended,
    close: async () => {
      left.abort();
      await ended.catch(() => undefined);
    },
  };
}
