/** Says what a long look is at, on a terminal only, and only once it has taken long enough for somebody to wonder. */
import type { Io } from './verb.ts';

export type Progress = {
  /** What is being done, from 0 to 1 where that is known. */
  step(what: string, done?: number): void;
  end(): void;
};

const QUIET_MS = 1_000;
const EVERY_MS = 200;

export function progressOn(io: Io, nowMs: () => number = () => performance.now()): Progress {
  if (!io.stderrIsTerminal) return { step: () => undefined, end: () => undefined };
  let nextMs = nowMs() + QUIET_MS;
  let isShown = false;
  return {
    step(what, done) {
      if (nowMs() < nextMs) return;
      nextMs = nowMs() + EVERY_MS;
      isShown = true;
      const percent = done === undefined ? '' : ` ${Math.floor(done * 100)} %`;
      // Over itself: a long look is one line.
      io.err(`\r\u001b[K${what}${percent}`);
    },
    end() {
      if (isShown) io.err('\r\u001b[K');
    },
  };
}
