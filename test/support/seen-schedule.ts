/** A home in which a server has seen a schedule some time ago: what tests of real servers begin with. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freshUlid } from '../../src/log/event-ids.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
export const MINUTELY = { id: 'minutely', cron: '* * * * *', timezone: 'UTC', input: 'work of {{date}}' };

/** As if a server had seen {@link MINUTELY} in a new home so many minutes ago, and none since. */
export async function seenMinutesAgo(home: string, workflowId: string, minutes: number): Promise<void> {
  const dir = join(home, 'logs');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const clock = { now: () => Date.now() };
  const store = openJsonlStore({ dir, clock, random, sha256: coldSha256, onNotice: () => undefined });
  const { id: scheduleId, cron, timezone } = MINUTELY;
  const since = new Date(Date.now() - minutes * 60_000).toISOString();
  const data = { workflowId, scheduleId, cron, timezone, since };
  await store.append(`workflow/${workflowId}`, 0, [{ type: 'ScheduleSet', data }], {
    commitId: freshUlid(Date.now(), random),
    durable: true,
  });
  await store.close();
}
