/**
 * The log of a scratch home: a memory store that can lose what was not on disk, the runs in it, and the store as one
 * mortal process sees it.
 */
import type { NewEvent, StoredEvent } from '../../events/envelope.ts';
import { runStream } from '../../events/streams.ts';
import { type AppendResult, ConflictError, type EventStore } from '../../log/event-store.ts';
import { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from '../../log/memory-store.ts';
import { evolve } from '../../workflow/evolve.ts';
import { noRun, type RunState } from '../../workflow/state.ts';
import { asRunEvent } from '../load-run.ts';

export class ScratchLog {
  store: MemoryStore;
  /** Runs as far as they were looked at; what is in the log does not change. */
  readonly #folded = new Map<string, RunState>();
  readonly #options: MemoryStoreOptions;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    this.store = createMemoryStore(options);
  }

  /** What was not on disk is gone. */
  powerCut(): void {
    this.store = createMemoryStore({ ...this.#options, lines: this.store.durableLines() });
    this.#folded.clear();
  }

  /** Lines in all, and how many of them a power cut now would leave. */
  get extent(): { readonly lines: number; readonly durable: number } {
    return { lines: this.store.lines().length, durable: this.store.durableLines().length };
  }

  /** In the order they were started. */
  runs(): readonly RunState[] {
    const started = this.store.events().filter(({ type }) => type === 'RunStarted');
    return started.map(({ data }) => {
      const { runId } = data as { runId: string };
      const before = this.#folded.get(runId) ?? noRun;
      const run = fold(this.store.events(runStream(runId)).slice(before.version), before);
      this.#folded.set(runId, run);
      return run;
    });
  }

  /** The run as a power cut now would leave it. */
  durableRun(runId: string): RunState {
    const { durable } = this.extent;
    return fold(this.store.events(runStream(runId)).filter(({ seq }) => seq <= durable));
  }
}

const fold = (events: readonly StoredEvent[], from = noRun): RunState =>
  events.reduce((state, event) => evolve(state, asRunEvent(event)), from);

export type Mortal = {
  /** Dies here when it is its turn; throws when it is dead already. */
  pass(place: string): void;
  assertAlive(): void;
};

/** The store as one process has it: it may die before and after every commit. */
export function storeOf(log: ScratchLog, { pass, assertAlive }: Mortal): EventStore {
  const store = (): MemoryStore => {
    assertAlive();
    return log.store;
  };
  const guarded = async <T>(events: readonly NewEvent[], append: () => Promise<T>): Promise<T> => {
    const what = events.map(({ type }) => type).join(', ');
    pass(`before ${what} was recorded`);
    const result = await append();
    pass(`after ${what} was recorded`);
    return result;
  };
  return {
    capabilities: log.store.capabilities,
    append: (stream, version, events, options) =>
      guarded(events, () => store().append(stream, version, events, options)),
    // One write to a file may be cut between any two of its commits, so each is a write of its own here; what makes
    // them durable comes with the last, as it does there.
    appendInOrder: async (commits, options) => {
      const results: AppendResult[] = [];
      for (const [index, { stream, expectedVersion, events, commitId }] of commits.entries()) {
        const durable = options.durable && index === commits.length - 1;
        const append = () => store().append(stream, expectedVersion, events, { durable, commitId });
        results.push(await guarded(events, append).catch((error: unknown) => rethrowAt(error, index)));
      }
      return results;
    },
    read: (...args) => store().read(...args),
    readAll: (...args) => store().readAll(...args),
    subscribe: (...args) => store().subscribe(...args),
    sync: async (upTo) => store().sync(upTo),
    head: async () => store().head(),
    headOf: async (stream) => store().headOf(stream),
    close: async () => undefined,
  };
}

function rethrowAt(error: unknown, index: number): never {
  if (!(error instanceof ConflictError)) throw error;
  throw new ConflictError(error.stream, error.expected, error.actual, index);
}
