/**
 * A home whose files are on a disk that may lose power, with a real index beside it, and what must hold of every
 * state of both: the next command makes all projections what a rebuild from the log makes them.
 */
import assert from 'node:assert/strict';
import { openBlobs } from '../../src/home/blobs.ts';
import { isAside, isTempName } from '../../src/home/file-sink.ts';
import type { ProjectorDeps } from '../../src/home/fold-range.ts';
import type { IndexDb } from '../../src/home/index-db.ts';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { homePaths } from '../../src/home/paths.ts';
import { openProjector, type Projector } from '../../src/home/projector.ts';
import { streamIndex } from '../../src/home/stream-index.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { type JsonlStore, openJsonlStore } from '../../src/log/jsonl-store.ts';
import { commitId, seededRandom } from './log-helpers.ts';
import type { CutDisk, Ino } from './power-cut-disk.ts';
import { processOn } from './power-cut-fs.ts';
import { freeLock } from './power-cut-log.ts';
import { findIno, type Machine, machine, makeDurableFolder } from './power-cut-machine.ts';
import { type CutIndexDb, closeIndex, type DbState, openIndex } from './power-cut-sqlite.ts';
import type { HistoryCommit } from './projection-histories.ts';
import { rowsOf } from './projection-home.ts';

export const HOME = '/home';
const paths = homePaths(HOME);
const sha256 = bulkSha256();
let nowMs = Date.UTC(2026, 0, 2);
const env = { clock: { now: () => nowMs++ }, random: seededRandom(7), sha256 };

export type CutHome = {
  readonly on: Machine;
  readonly index: CutIndexDb;
  readonly store: JsonlStore;
  readonly projector: Projector;
  readonly deps: ProjectorDeps;
  append(history: readonly HistoryCommit[], durable?: boolean): Promise<void>;
  close(): Promise<void>;
};

export const openHomeOn = (on: Machine, index: CutIndexDb, bootId: string): CutHome => {
  const fs = processOn(on);
  const store = openJsonlStore({ dir: paths.logs, fs, lock: freeLock, index: streamIndex(index), ...env });
  const blobs = openBlobs(paths.blobs, sha256, fs);
  const deps = {
    fs,
    paths,
    index,
    store,
    sha256,
    bootId,
    blobs,
    allowedRoots: [],
    keptRuns: 1_000,
    onNotice: () => {},
  };
  return {
    on,
    index,
    store,
    deps,
    projector: openProjector(deps),
    async append(history, durable = false) {
      for (const { stream, events } of history) {
        const version = await store.headOf(stream);
        await store.append(stream, version, events, { durable, commitId: commitId() });
      }
    },
    async close() {
      await store.close();
      closeIndex(index);
    },
  };
};

export const newHome = (): CutHome => {
  const on = machine();
  makeDurableFolder(on, HOME);
  return openHomeOn(on, openIndex(null), 'boot-1');
};

/** Every projected file; what a crash may leave under names of its own is nobody's. */
export const projectedFiles = (disk: CutDisk): Record<string, string> => {
  const files: Record<string, string> = {};
  const walk = (folder: Ino, at: string): void => {
    for (const [name, ino] of disk.names(folder) ?? []) {
      const path = at === '' ? name : `${at}/${name}`;
      if (['logs', 'blobs', 'state/foreign'].includes(path) || isTempName(name) || isAside(name)) continue;
      const file = disk.files.get(ino);
      if (file === undefined) walk(ino, path);
      else files[path] = file.read(0, file.size).toString('utf8');
    }
  };
  walk(findIno(disk, HOME) ?? 0, '');
  return files;
};

const logOf = (disk: CutDisk): Buffer => {
  const file = disk.files.get(findIno(disk, paths.log) ?? 0);
  return file === undefined ? Buffer.alloc(0) : file.read(0, file.size);
};

export type Made = { readonly files: Record<string, string>; readonly rows: Record<string, string[]> };

const made = new Map<string, Made>();

/** What the log makes of an empty home; the same log is folded once. */
const madeFrom = async (log: Buffer): Promise<Made> => {
  const known = made.get(log.toString('latin1'));
  if (known !== undefined) return known;
  const on = machine();
  makeDurableFolder(on, paths.logs);
  const fs = processOn(on);
  fs.writeFileSync(paths.log, log);
  const home = openHomeOn(on, openIndex(null), 'boot-0');
  await home.projector.project();
  const result = stateOf(on.disk, home.index);
  await home.close();
  made.set(log.toString('latin1'), result);
  return result;
};

const stateOf = (disk: CutDisk, index: IndexDb): Made => ({
  files: projectedFiles(disk),
  rows: rowsOf(index, FOLDED_TABLES),
});

/**
 * The next command after another boot.
 * @param required seq up to which somebody was told of events
 * @param others files that are not ours: path and content, to be found at it or in `state/foreign`
 */
export const checkHome = async (
  disk: CutDisk,
  db: DbState,
  required: number,
  others: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const home = openHomeOn(machine(disk), openIndex(db), 'boot-2');
  try {
    const head = (await home.store.head())?.seq ?? 0;
    assert.ok(head >= required, `told of event ${required}, but the log ends at ${head}`);
    const { upTo } = await home.projector.project();
    assert.equal(upTo, head);
    await checkSame(home, others);
    await home.projector.project();
    await checkSame(home, others);
  } finally {
    await home.close();
  }
};

/** Under its name, or with a number behind it where a copy that was cut short has the name. */
const setAside = (disk: CutDisk, path: string): string[] => {
  const folder = disk.names(
    findIno(disk, `${HOME}/state/foreign/${path.slice(0, path.lastIndexOf('/'))}`) ?? 0,
  );
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [...(folder ?? [])].filter(([found]) => found.startsWith(name)).map(([, ino]) => textOf(disk, ino));
};

const textOf = (disk: CutDisk, ino: Ino): string => {
  const file = disk.files.get(ino);
  return file === undefined ? '' : file.read(0, file.size).toString('utf8');
};

export const checkSame = async (
  home: CutHome,
  others: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const { disk } = home.on;
  const found = stateOf(disk, home.index);
  for (const [path, text] of Object.entries(others)) {
    assert.ok([found.files[path], ...setAside(disk, path)].includes(text), `${path} is gone`);
    delete found.files[path];
  }
  assert.deepEqual(found, await madeFrom(logOf(disk)));
};
