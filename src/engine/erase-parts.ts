/** The parts of a run beside its lines in the log: files, folders and long values. Removing is repeatable. */
import type { StoredEvent } from '../events/envelope.ts';
import { runStream } from '../events/streams.ts';
import { blobsIn, namedElsewhere } from '../home/blob-references.ts';
import { filesOfRun, setAsideOf } from '../home/erase-files.ts';
import { fileSink } from '../home/file-sink.ts';
import { beginWrite, rollback } from '../home/transaction.ts';
import { nodeFs } from '../log/file-system.ts';
import type { LogMaintenance } from '../log/maintenance.ts';
import { syncDirectory } from '../log/recover.ts';
import { wholeLog } from '../log/whole-log.ts';
import { copyOf } from '../projections/run-files.ts';
import type { OpenHome } from './open-home.ts';

export type ErasedFiles = {
  /** Files and folders removed beside projections, relative to the home. */
  readonly removed: readonly string[];
  /** The run's artifacts/ folder: null where there is none, or none any more. */
  readonly artifacts: string | null;
  /** Copies of its summary at places that config.json does not allow any more: they stay. */
  readonly copiesKept: readonly string[];
};

/** Removes what was set aside of the log and may hold the run's lines; answers which files and folders those were. */
export const eraseSetAside = (
  { paths }: OpenHome,
  maintenance: LogMaintenance,
  runId: string,
): Promise<readonly string[]> =>
  maintenance.exclusively(() => {
    const found = setAsideOf(nodeFs, paths, runStream(runId));
    for (const path of found) nodeFs.rmSync(path, { recursive: true, force: true });
    return found;
  });

export async function eraseFiles(
  home: OpenHome,
  runId: string,
  events: readonly StoredEvent[],
  { setAside, artifacts }: { readonly setAside: readonly string[]; readonly artifacts: boolean },
): Promise<ErasedFiles> {
  const { paths, index, config } = home;
  const copiesKept: string[] = [];
  const sink = fileSink({
    fs: nodeFs,
    home: paths.home,
    allowedRoots: config.allowedRoots,
    place: (relative) => `${paths.home}/${relative}`,
    onRefused: (wanted) => copiesKept.push(wanted),
  });
  for (const copy of copiesIn(runId, events)) sink.copy(copy, null);
  const removed: string[] = [];
  const folder = `${paths.artifacts}/${runId}`;
  if (artifacts && exists(folder)) removed.push(folder);
  // Nobody projects or rebuilds meanwhile: what stands aside is a leftover.
  await beginWrite(index);
  try {
    removed.push(...filesOfRun(nodeFs, paths, runId));
    for (const path of removed) nodeFs.rmSync(path, { recursive: true, force: true });
  } finally {
    rollback(index);
  }
  syncFolders([...setAside, ...removed, `${paths.runs}/x`, `${paths.outbox}/x`, `${paths.tasks}/x`]);
  return {
    removed: [...setAside, ...removed].map((path) => path.slice(paths.home.length + 1)),
    artifacts: exists(folder) ? folder : null,
    copiesKept,
  };
}

/** Every place where a delivery of the run may have left a copy. */
function copiesIn(runId: string, events: readonly StoredEvent[]): ReadonlySet<string> {
  const copies = new Set<string>();
  for (const { type, data } of events) {
    const { stage, output } = data as { stage?: string; output?: { summaryFile?: string } };
    if (type !== 'StageCompleted' || stage !== 'deliver' || output?.summaryFile === undefined) continue;
    const copy = copyOf(runId, output.summaryFile);
    if (copy !== null) copies.add(copy);
  }
  return copies;
}

/**
 * Removes what no other line of the log names. The last look and the removal happen while nobody can append; who was
 * about to name one of them puts it back itself (`keepShared`).
 */
export async function eraseBlobs(
  home: OpenHome,
  maintenance: LogMaintenance,
  runId: string,
  events: readonly StoredEvent[],
): Promise<{ readonly removed: number; readonly shared: number }> {
  const hashes = new Set(events.flatMap(({ data }) => [...blobsIn(data)]));
  if (hashes.size === 0) return { removed: 0, shared: 0 };
  const { paths } = home;
  const wanted = { hashes, exceptStream: runStream(runId) };
  const shared = new Set<string>();
  const log = { fs: wholeLog(nodeFs), path: paths.log };
  const looked = namedElsewhere({ ...log, from: 0 }, wanted, shared);
  await maintenance.exclusively(() => {
    namedElsewhere({ ...log, from: looked }, wanted, shared);
    removeBlobs(
      paths.blobs,
      [...hashes].filter((hash) => !shared.has(hash)),
    );
  });
  return { removed: hashes.size - shared.size, shared: shared.size };
}

/** With what a crash may have left of them under other names. */
function removeBlobs(dir: string, hashes: readonly string[]): void {
  if (hashes.length === 0 || !exists(dir)) return;
  const names = new Set(hashes);
  for (const name of nodeFs.readdirSync(dir)) {
    const hash = name.startsWith('.') ? name.slice(1).split('.')[0] : name;
    if (hash !== undefined && names.has(hash)) nodeFs.rmSync(`${dir}/${name}`, { force: true });
  }
  syncDirectory(nodeFs, dir);
}

const exists = (path: string): boolean => nodeFs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** What was removed must not come back with a power cut. */
function syncFolders(paths: readonly string[]): void {
  for (const dir of new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))) {
    if (nodeFs.existsSync(dir)) syncDirectory(nodeFs, dir);
  }
}
