/**
 * Ctrl-C: the first lets the effect at work finish (10 s) and leaves the run resumable, the second ends it. SIGTERM
 * and SIGHUP (the terminal was closed) count as a first.
 */
import type { Interrupts } from './ports.ts';

const PATIENCE_MS = 10_000;

/** Listens from now on. `onFirst` tells the user what happens next. */
export function processInterrupts(onFirst: () => void): Interrupts {
  const stop = whenAsked(() => new AbortController());
  const force = whenAsked(() => new AbortController());
  const first = (): void => {
    if (stop().signal.aborted) {
      force().abort();
      return;
    }
    onFirst();
    stop().abort();
    setTimeout(() => force().abort(), PATIENCE_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, first);
  return {
    get stop() {
      return stop().signal;
    },
    get force() {
      return force().signal;
    },
  };
}

/** An answer from the log asks for neither signal, and a process's first controller takes it 0.2 ms. */
function whenAsked<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
