/** What happens to one process: it dies or stops at a failpoint or at some time, or is left alone. */
import type { Aim, Started } from './place.ts';
import type { Random } from './random.ts';

export type Fate =
  | { readonly type: 'failpoint'; readonly spec: string }
  | { readonly type: 'stop-at-failpoint'; readonly spec: string }
  | { readonly type: 'kill'; readonly afterMs: number }
  | { readonly type: 'stop'; readonly afterMs: number }
  | { readonly type: 'none' };

/** A run of one step passes some fifty failpoints, an answer from the log five. */
const FAILPOINTS_OF_A_RUN = 45;
const FAILPOINTS_OF_AN_ANSWER = 5;
/** Who comes by no failpoint before is killed when it has told its answer. */
const AT_THE_LATEST = 'answer.told:1';
const STOPPED_MS = 300;

/**
 * @param isShort whether the command is likely to be answered from the log
 * @param rare a failpoint where few have died so far
 */
export function chooseFate(random: Random, isShort: boolean, rare: string | null): Fate {
  const dice = random.below(100);
  const limit = isShort || random.chance(0.5) ? FAILPOINTS_OF_AN_ANSWER : FAILPOINTS_OF_A_RUN;
  const any = `any:${1 + random.below(limit)}`;
  // A start takes tens of milliseconds, much more on a busy machine; the work comes after it.
  const afterMs = random.below(random.chance(0.5) ? 150 : 1000);
  if (dice < 12 && rare !== null)
    return { type: 'failpoint', spec: `${rare}:${1 + random.below(2)},${AT_THE_LATEST}` };
  if (dice < 88) return { type: 'failpoint', spec: `${any},${AT_THE_LATEST}` };
  if (dice < 94) return { type: 'kill', afterMs };
  if (dice < 96) return { type: 'stop', afterMs };
  if (dice < 98) return { type: 'stop-at-failpoint', spec: `${any}:stop` };
  return { type: 'none' };
}

export const aimOf = (fate: Fate): Aim =>
  fate.type === 'failpoint' || fate.type === 'stop-at-failpoint' ? { WF_FAILPOINT: fate.spec } : {};

/** Carries out what the process does not do to itself; `clear` when it has ended. */
export function carryOut(fate: Fate, { child }: Started): { clear(): void } {
  const timers: NodeJS.Timeout[] = [];
  const goOn = (): void => {
    // Again and again: it may not have come to its failpoint yet.
    timers.push(setInterval(() => child.kill('SIGCONT'), STOPPED_MS));
  };
  switch (fate.type) {
    case 'kill':
      timers.push(setTimeout(() => child.kill('SIGKILL'), fate.afterMs));
      break;
    case 'stop':
      timers.push(
        setTimeout(() => {
          child.kill('SIGSTOP');
          goOn();
        }, fate.afterMs),
      );
      break;
    case 'stop-at-failpoint':
      goOn();
      break;
    case 'failpoint':
    case 'none':
      break;
  }
  return {
    clear: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
