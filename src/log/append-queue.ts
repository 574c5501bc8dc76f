/**
 * Appends that are asked for in one tick, or while the lock is waited for, are recorded together: one lock, one
 * write, one sync. They do not fail each other, and nobody is answered before his events are as durable as he asked.
 */
import type { AppendOptions, AppendResult, Commit } from './event-store.ts';

export type Outcome =
  | { readonly ok: true; readonly results: readonly AppendResult[] }
  | { readonly ok: false; readonly error: unknown };

export type Request = {
  readonly commits: readonly Commit[];
  readonly durable: boolean;
  readonly signal: AbortSignal | undefined;
  readonly settle: (outcome: Outcome) => void;
};

export type Writer = {
  /** Takes the lock, without blocking the process. */
  lock(): Promise<void> | undefined;
  unlock(): void;
  /** Under the lock, synchronously: one outcome for each request, in order. */
  write(requests: readonly Request[]): readonly Outcome[];
  /** After the lock: makes durable what the outcomes promise. */
  sync(requests: readonly Request[], outcomes: readonly Outcome[]): readonly Outcome[];
};

export type AppendQueue = {
  push(commits: readonly Commit[], options: AppendOptions): Promise<readonly AppendResult[]>;
  /** Resolves when everything asked for before has been answered. */
  idle(): Promise<void>;
};

export const createAppendQueue = (writer: Writer): AppendQueue => {
  let waiting: Request[] = [];
  let running: Promise<void> | undefined;

  const pump = async (): Promise<void> => {
    // Lets the rest of this tick ask too.
    await undefined;
    while (waiting.length > 0) {
      try {
        await writer.lock();
      } catch (error) {
        settleAll(waiting.splice(0), error);
        continue;
      }
      const taken = waiting;
      waiting = [];
      let outcomes: readonly Outcome[];
      try {
        outcomes = writer.write(taken);
      } catch (error) {
        outcomes = taken.map(() => ({ ok: false, error }));
      } finally {
        writer.unlock();
      }
      outcomes = writer.sync(taken, outcomes);
      for (const [i, request] of taken.entries()) request.settle(outcomes[i] as Outcome);
    }
    running = undefined;
  };

  const push = (commits: readonly Commit[], options: AppendOptions): Promise<readonly AppendResult[]> =>
    new Promise((resolve, reject) => {
      const { durable, signal } = options;
      if (signal?.aborted === true) return reject(signal.reason);
      const giveUp = (): void => {
        // Only while it still waits: what is being written is answered with what became of it.
        const at = waiting.indexOf(request);
        if (at === -1) return;
        waiting.splice(at, 1);
        request.settle({ ok: false, error: signal?.reason });
      };
      const request: Request = {
        commits,
        durable,
        signal,
        settle: (outcome) => {
          signal?.removeEventListener('abort', giveUp);
          if (outcome.ok) resolve(outcome.results);
          else reject(outcome.error);
        },
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.push(request);
      running ??= pump();
    });

  return { push, idle: async () => running };
};

const settleAll = (requests: readonly Request[], error: unknown): void => {
  for (const request of requests) request.settle({ ok: false, error });
};
