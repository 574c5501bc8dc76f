/** Whether a sync has failed: then nobody writes until what can still be read has been written to a new file. */
import { systemClock } from '../../effects/clock.ts';
import { randomBytes } from '../../effects/random.ts';
import type { HomePaths } from '../../home/paths.ts';
import { nodeFs } from '../../log/file-system.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { readSyncFailure, syncMarkPath } from '../../log/sync-mark.ts';
import { repairSyncFailure, type SyncRepair } from '../../log/sync-repair.ts';
import type { Exam } from './exam.ts';
import { recordSystemEvent } from './record-system-event.ts';

export async function checkSync({ findings, paths, facts }: Exam): Promise<void> {
  const failure = readSyncFailure(nodeFs, paths.logs);
  if (failure === null) {
    facts.add('synced');
    return;
  }
  const left = await findings.add(
    {
      id: 'sync-failed',
      severity: 'problem',
      message: `the disk failed to keep what was written after seq ${failure.durableSeq}; nothing more is written`,
      where: syncMarkPath(paths.logs),
      fix: 'writes what can still be read to a new file, after you have looked at the disk',
    },
    async () => {
      const repair = await repairSync(paths);
      return repair === null
        ? 'another process mended it meanwhile'
        : `wrote the log anew: ${repair.eventsKept} events after seq ${repair.durableSeq} were kept, ${repair.bytesSetAside} bytes set aside`;
    },
  );
  if (left === 'ok') facts.add('synced');
}

/** The repair is recorded where everything is: in the log. */
async function repairSync(paths: HomePaths): Promise<SyncRepair | null> {
  const env = { clock: systemClock, random: randomBytes, sha256: bulkSha256() };
  const repair = await repairSyncFailure(paths.logs, env);
  if (repair !== null)
    await recordSystemEvent(paths, { type: 'LogRepaired', data: { reason: 'sync-failed', ...repair } });
  return repair;
}
