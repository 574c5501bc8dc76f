/** Records what was done to the log in the log itself, durably. Works without an index, for that may be what is wrong. */
import { systemClock } from '../../effects/clock.ts';
import { randomBytes } from '../../effects/random.ts';
import type { NewEvent } from '../../events/envelope.ts';
import { SYSTEM_STREAM } from '../../events/streams.ts';
import type { HomePaths } from '../../home/paths.ts';
import { freshUlid } from '../../log/event-ids.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { openJsonlStore } from '../../log/jsonl-store.ts';

export async function recordSystemEvent(paths: HomePaths, event: NewEvent): Promise<void> {
  const store = openJsonlStore({
    dir: paths.logs,
    clock: systemClock,
    random: randomBytes,
    sha256: bulkSha256(),
  });
  try {
    const version = await store.headOf(SYSTEM_STREAM);
    const commitId = freshUlid(systemClock.now(), randomBytes);
    await store.append(SYSTEM_STREAM, version, [event], { commitId, durable: true });
  } finally {
    await store.close();
  }
}
