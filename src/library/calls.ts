/**
 * Every call of the library goes through here: none begins once the engine is closed, closing waits for those that
 * have begun, and whatever goes wrong reaches the caller as a WfError.
 */
import { asWfError } from '../commands/print-error.ts';
import { usageError } from '../errors.ts';

export type Calls = {
  /** @throws {WfError} engine-closed (2) */
  assertOpen(): void;
  during<T>(act: () => Promise<T>): Promise<T>;
  /** From now on nothing begins; resolves when all that had begun is over. */
  end(): Promise<void>;
};

export function trackedCalls(): Calls {
  const inFlight = new Set<Promise<unknown>>();
  let closed = false;
  const assertOpen = (): void => {
    if (closed)
      throw usageError('engine-closed', 'the engine is closed', { hint: 'Open another one: openEngine(…)' });
  };
  return {
    assertOpen,
    during: async (act) => {
      assertOpen();
      const call = act().catch((error: unknown) => {
        throw asWfError(error);
      });
      inFlight.add(call);
      try {
        return await call;
      } finally {
        inFlight.delete(call);
      }
    },
    end: async () => {
      closed = true;
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
    },
  };
}
