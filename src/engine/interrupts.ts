/**
 * Ctrl-C: the first lets the effect at work finish (10 s) and leaves the run resumable, the second ends it. SIGTERM
 * and SIGHUP (the terminal was closed) count as a first.
 */
import { stopper } from '../effects/stop.ts';
import type { Interrupts } from './ports.ts';

const PATIENCE_MS = 10_000;

/** Listens from now on. `onFirst` tells the user what happens next. */
export function processInterrupts(onFirst: () => void): Interrupts {
  const stop = stopper();
  const force = stopper();
  const first = (): void => {
    if (stop.signal.aborted) {
      force.abort();
      return;
    }
    onFirst();
    stop.abort();
    setTimeout(() => force.abort(), PATIENCE_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, first);
  return { stop: stop.signal, force: force.signal };
}
