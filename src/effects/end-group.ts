/**
 * Ends a whole process group: asked first, killed after a grace. Only ever given the id of a group that this program
 * made (children run in their own group).
 */
import { monotonicMs, systemClock } from './clock.ts';
import { livingGroupMember } from './process-table.ts';

/** How long to wait for what was killed: a process in an uninterruptible read outlives even SIGKILL. */
const GIVE_UP_MS = 5000;
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 200;

function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch {
    // Gone already, which is what we want.
  }
}

async function waitUntilGone(groupId: number, limitMs: number): Promise<boolean> {
  const deadline = monotonicMs() + limitMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)) {
    if (livingGroupMember(groupId) === null) return true;
    const leftMs = deadline - monotonicMs();
    if (leftMs <= 0) return false;
    await systemClock.sleep(Math.min(pauseMs, leftMs));
  }
}

/** SIGTERM to the group, SIGKILL after `graceMs`. Answers whether nothing of it is left. */
export async function endGroup(groupId: number, graceMs = 5000): Promise<boolean> {
  if (!Number.isInteger(groupId) || groupId <= 1) return false;
  signalGroup(groupId, 'SIGTERM');
  if (await waitUntilGone(groupId, graceMs)) return true;
  signalGroup(groupId, 'SIGKILL');
  return waitUntilGone(groupId, GIVE_UP_MS);
}
