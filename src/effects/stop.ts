/**
 * "Stop now", said once and heard by whoever listens: what an AbortController does, without the 0.6 ms that the first
 * one costs a process that ends after fifty. An AbortSignal serves wherever a StopSignal is asked for.
 */

export type StopSignal = {
  readonly aborted: boolean;
  /** Called once, when it is said; never when it was said before. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
};

export type Stopper = { readonly signal: StopSignal; abort(): void };

export function stopper(): Stopper {
  const listeners = new Set<() => void>();
  let aborted = false;
  const signal: StopSignal = {
    get aborted() {
      return aborted;
    },
    addEventListener(_type, listener) {
      if (!aborted) listeners.add(listener);
    },
    removeEventListener(_type, listener) {
      listeners.delete(listener);
    },
  };
  const abort = (): void => {
    if (aborted) return;
    aborted = true;
    const heard = [...listeners];
    listeners.clear();
    for (const listener of heard) listener();
  };
  return { signal, abort };
}
