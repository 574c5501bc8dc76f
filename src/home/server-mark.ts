/**
 * Whether a server is alive: it holds a lock that the kernel frees with its process, however that ends. And when one was
 * last at work, by the time of that file. Any number of servers may run; one of them has the lock.
 */
import { openLogLock } from '../log/lock.ts';
import type { HomePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

const fileOf = ({ scratch }: HomePaths): string => `${scratch}/server.lock`;

export type ServerMark = {
  /** Called at every look: takes the lock where no other server has it, and says that somebody looked. */
  renew(): void;
  release(): void;
};

export function openServerMark(paths: HomePaths): ServerMark {
  const lock = openLogLock(fileOf(paths), 0);
  let isHeld = false;
  return {
    renew: () => {
      // Somebody may have cleared run/: a lock on a file that is gone is seen by nobody.
      if (!fs.existsSync(fileOf(paths))) {
        fs.mkdirSync(paths.scratch, { recursive: true, mode: 0o700 });
        if (isHeld) lock.release();
        lock.close();
        isHeld = false;
      }
      isHeld ||= lock.tryAcquire();
      const now = new Date();
      // By its path, never opened: a close of it in this process would drop the lock.
      fs.utimesSync(fileOf(paths), now, now);
    },
    release: () => {
      if (isHeld) lock.release();
      lock.close();
      isHeld = false;
    },
  };
}

/** Two that ask at once see each other's lock for a moment. */
const ASK_TIMES = 5;

export async function isServerAlive(paths: HomePaths): Promise<boolean> {
  if (!fs.existsSync(fileOf(paths))) return false;
  const lock = openLogLock(fileOf(paths), 0);
  try {
    for (let n = 0; n < ASK_TIMES; n++) {
      if (lock.tryAcquire()) {
        lock.release();
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 5 * (n + 1)));
    }
    return true;
  } finally {
    lock.close();
  }
}

/** When a server last looked, in ms since 1970; null = none ever has. */
export const serverSeenAtMs = (paths: HomePaths): number | null =>
  fs.statSync(fileOf(paths), { throwIfNoEntry: false })?.mtimeMs ?? null;
