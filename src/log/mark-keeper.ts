/**
 * Tells the index how far the log is on disk when no later line will: a line carries the mark for free, so the index
 * is only written at close, or when nothing was appended for a moment.
 */
import type { StreamIndex } from './event-store.ts';

const QUIET_MS = 100;

export type MarkKeeper = {
  /** A sync was acknowledged. */
  owe(): void;
  close(): void;
};

export const createMarkKeeper = (index: StreamIndex | undefined, durableSeq: () => number): MarkKeeper => {
  if (index === undefined) return { owe() {}, close() {} };
  let owed = false;
  let timer: NodeJS.Timeout | undefined;
  const pay = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!owed) return;
    owed = false;
    if (durableSeq() > index.durableMark()) index.setDurableMark(durableSeq());
  };
  return {
    owe() {
      owed = true;
      if (timer === undefined) timer = setTimeout(pay, QUIET_MS).unref();
      else timer.refresh();
    },
    close: pay,
  };
};
