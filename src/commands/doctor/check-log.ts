/** The log: whether a sync has failed, whether every line and hash is right, and what was set aside before. */
import { systemClock } from '../../effects/clock.ts';
import { randomBytes } from '../../effects/random.ts';
import { SYSTEM_STREAM } from '../../events/streams.ts';
import type { HomePaths } from '../../home/paths.ts';
import { freshUlid } from '../../log/event-ids.ts';
import { nodeFs } from '../../log/file-system.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { openJsonlStore } from '../../log/jsonl-store.ts';
import { readSyncFailure, syncMarkPath } from '../../log/sync-mark.ts';
import { repairSyncFailure, type SyncRepair } from '../../log/sync-repair.ts';
import { verifyLog } from '../../log/verify.ts';
import { durableMarkOf } from '../durable-mark.ts';
import type { Findings } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

/** Answers whether the log can be read and written. */
export async function checkLog(findings: Findings, paths: HomePaths): Promise<boolean> {
  let isSound = false;
  await findings.check('log', async () => {
    const isSynced = await checkSync(findings, paths);
    isSound = (await checkLines(findings, paths)) && isSynced;
  });
  await findings.check('set-aside', () => checkSetAside(findings, paths));
  return isSound;
}

async function checkSync(findings: Findings, paths: HomePaths): Promise<boolean> {
  const failure = readSyncFailure(nodeFs, paths.logs);
  if (failure === null) return true;
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
  return left === 'ok';
}

/** The repair is recorded where everything is: in the log. */
async function repairSync(paths: HomePaths): Promise<SyncRepair | null> {
  const env = { clock: systemClock, random: randomBytes, sha256: bulkSha256() };
  const repair = await repairSyncFailure(paths.logs, env);
  if (repair === null) return null;
  const store = openJsonlStore({ dir: paths.logs, ...env });
  try {
    const event = { type: 'LogRepaired', data: { reason: 'sync-failed', ...repair } };
    const version = await store.headOf(SYSTEM_STREAM);
    const commitId = freshUlid(systemClock.now(), randomBytes);
    await store.append(SYSTEM_STREAM, version, [event], { commitId, durable: true });
  } finally {
    await store.close();
  }
  return repair;
}

async function checkLines(findings: Findings, paths: HomePaths): Promise<boolean> {
  const { damage, torn, events, headHash, headSeq } = await verifyLog(paths.logs, bulkSha256(), {
    durableMark: durableMarkOf(paths.indexDb),
  });
  if (damage !== undefined) {
    await findings.add({
      id: 'log',
      severity: 'problem',
      message: `the log is damaged at line ${damage.line}, byte ${damage.offset}: ${damage.reason}; ${events} events before it are good`,
      where: paths.log,
      fix: 'Put the log back from a backup, or ask for help with a copy of it. Nothing was changed, and nothing is written on top.',
    });
    return false;
  }
  if (torn !== undefined) {
    await findings.add({
      id: 'torn-tail',
      severity: 'warning',
      message: `${torn.bytes} bytes of an unfinished write stand at the end of the log (${torn.reason})`,
      where: paths.log,
      fix: 'Nothing to do: the next write copies them to logs/torn/ and goes on.',
    });
  }
  await findings.add({
    id: 'log',
    severity: 'ok',
    message:
      events === 0 ? 'the log is empty' : `${events} events, every hash follows; head ${headSeq} ${headHash}`,
  });
  return true;
}

const ASIDE = [
  ['torn-files', 'logs/torn', 'unfinished writes that were set aside'],
  ['foreign-files', 'state/foreign', 'files that a rebuild found and the log did not write'],
] as const;

async function checkSetAside(findings: Findings, paths: HomePaths): Promise<void> {
  for (const [id, folder, what] of ASIDE) {
    const names = namesIn(`${paths.home}/${folder}`);
    if (names.length === 0) continue;
    await findings.add({
      id,
      severity: 'warning',
      message: `${folder} holds ${names.length}: ${what}`,
      where: `${paths.home}/${folder}`,
      fix: 'Look at them; then keep them elsewhere or remove them. The program needs none of them.',
    });
  }
}

const namesIn = (folder: string): readonly string[] => (fs.existsSync(folder) ? fs.readdirSync(folder) : []);
