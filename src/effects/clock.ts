/** The one real clock. Everything that needs the time is handed a clock, so that tests decide what time it is. */

import type { StopSignal } from './stop.ts';

/** The longest a timer can wait; a greater number would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds of a clock that nobody sets. The first look at `performance` loads a dozen modules, this none. */
export const monotonicMs = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

export type SystemClock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or as soon as the signal aborts: the caller looks at the signal, nothing is thrown. */
  sleep(ms: number, signal?: StopSignal): Promise<void>;
};

function sleepOnce(ms: number, signal: StopSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

export const systemClock: SystemClock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    let leftMs = ms;
    while (leftMs > 0 && signal?.aborted !== true) {
      const partMs = Math.min(leftMs, MAX_TIMER_MS);
      await sleepOnce(partMs, signal);
      leftMs -= partMs;
    }
  },
};
