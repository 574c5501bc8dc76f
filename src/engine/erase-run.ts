/**
 * Erases the texts of one run: RunErased first, on disk; then every file and row made of it, while the log can still
 * say which those are; the log's own lines last. A crash anywhere is finished by doing the same again.
 */

import { ExitCode, isRefusal, refusalToError, WfError } from '../errors.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { runStream } from '../events/streams.ts';
import { isErased } from '../events/upcast.ts';
import { failpoint } from '../failpoint.ts';
import { clearErasing, markErasing } from '../home/erase-marks.ts';
import { ConflictError } from '../log/event-store.ts';
import { nodeFs } from '../log/file-system.ts';
import type { LogMaintenance } from '../log/maintenance.ts';
import { decideErase } from '../workflow/erase.ts';
import type { RunState } from '../workflow/state.ts';
import { type ErasedFiles, eraseBlobs, eraseFiles, eraseSetAside } from './erase-parts.ts';
import { loadState, requireRun } from './load-run.ts';
import type { OpenHome } from './open-home.ts';

export type Erased = ErasedFiles & {
  readonly run: RunState;
  /** Events whose data was replaced now. */
  readonly events: number;
  /** Long values removed, and those that other runs name too. */
  readonly blobs: { readonly removed: number; readonly shared: number };
};

export type EraseOptions = { readonly by: string; readonly artifacts: boolean };

/**
 * @throws {WfError} run-unknown (3), run-live (4), io (74), lock-timeout (75). After the first write of it the run
 * counts as erased, and the same call goes on where this one stopped.
 */
export async function eraseRun(home: OpenHome, runId: string, options: EraseOptions): Promise<Erased> {
  const { ports, store } = home;
  assertErasable(await requireRun(ports, runId), options.by);
  const log = await store.maintenance();
  return log.alone(() => eraseAlone(home, log, runId, options));
}

/** With nobody else who rewrites the log, or copies it while its blobs go. */
async function eraseAlone(
  home: OpenHome,
  log: LogMaintenance,
  runId: string,
  options: EraseOptions,
): Promise<Erased> {
  const { ports, paths, index } = home;
  markErasing(nodeFs, paths, runId);
  failpoint('erase.marked');
  const run = await recordErased(home, runId, options.by);
  failpoint('erase.recorded');
  // Before anything of it is deleted there, so that deleting overwrites.
  index.overwriteDeleted();
  await ports.projections.project();
  const { earlier, version } = await eventsBefore(home, runId);
  const setAside = await eraseSetAside(home, log, runId);
  const files = await eraseFiles(home, runId, earlier, { setAside, artifacts: options.artifacts });
  failpoint('erase.files.removed');
  const blobs = await eraseBlobs(home, log, runId, earlier);
  failpoint('erase.blobs.removed');
  const events = await log.eraseData(runStream(runId), version);
  failpoint('erase.data.replaced');
  await compactIndex(home);
  failpoint('erase.index.compacted');
  clearErasing(nodeFs, paths, runId);
  return { run, events, blobs, ...files };
}

/** @throws {WfError} run-live (4) */
export function assertErasable(run: RunState, by: string): void {
  const decided = decideErase(run, by);
  if (isRefusal(decided)) throw refusalToError(decided);
}

/** Durable before anything is replaced: erased data without it is damage. */
async function recordErased(home: OpenHome, runId: string, by: string): Promise<RunState> {
  const { ports } = home;
  for (;;) {
    const run = await requireRun(ports, runId);
    const decided = decideErase(run, by);
    if (isRefusal(decided)) throw refusalToError(decided);
    if (decided.length === 0) {
      const head = await ports.store.head();
      if (head !== null) await ports.store.sync(head);
      return run;
    }
    try {
      await ports.store.append(runStream(runId), run.version, decided, {
        commitId: ports.newId(),
        durable: true,
      });
      return await loadState(ports, runId);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** What may be replaced: everything before the run's RunErased. */
async function eventsBefore(
  home: OpenHome,
  runId: string,
): Promise<{ readonly earlier: readonly StoredEvent[]; readonly version: number }> {
  const earlier: StoredEvent[] = [];
  for await (const event of home.ports.store.read(runStream(runId))) {
    if (event.type === 'RunErased') return { earlier, version: event.streamVersion };
    if (!isErased(event.data)) earlier.push(event);
  }
  return { earlier, version: 0 };
}

const COMPACT_TRIES = 200;
const COMPACT_PAUSE_MS = 50;

/** Another process may be reading or writing rows just now: none does for long. */
async function compactIndex({ index, ports }: OpenHome): Promise<void> {
  for (let left = COMPACT_TRIES; left > 0; left--) {
    if (index.tryCompact()) return;
    await ports.clock.sleep(COMPACT_PAUSE_MS);
  }
  throw new WfError('index-busy', 'the index could not be written anew: another process keeps using it', {
    exitCode: ExitCode.lockTimeout,
    where: index.path,
    hint: 'The texts are gone from the log and from every file; old pages of the index may still hold some. Run the same command again.',
    retryable: true,
  });
}
