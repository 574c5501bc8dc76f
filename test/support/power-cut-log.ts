/**
 * Histories on a log whose disk may lose power, and what must hold of every state it may leave. Nobody is asked but
 * the store itself and `verifyLog`; what was acknowledged is written down by the history, outside of the disk.
 */
import assert from 'node:assert/strict';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import type { JsonlStore } from '../../src/log/jsonl-store.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';
import type { LogLock } from '../../src/log/lock.ts';
import { readSyncFailure } from '../../src/log/sync-mark.ts';
import { repairSyncFailure } from '../../src/log/sync-repair.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, note, seededRandom, textOf } from './log-helpers.ts';
import type { CutDisk } from './power-cut-disk.ts';
import { processOn } from './power-cut-fs.ts';
import { type CutIndex, cutIndex, type IndexState } from './power-cut-index.ts';
import { findIno, type Machine, machine, makeDurableFolder } from './power-cut-machine.ts';
import {
  BLOCKS,
  eachChoice,
  type Image,
  partsOf,
  type Random,
  recordImages,
  seeded,
} from './power-cut-states.ts';

export const LOGS = '/home/logs';
const LOG = `${LOGS}/events.jsonl`;

export type Commit = {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly texts: readonly string[];
  readonly commitId: string;
};

/** What the world was told, and what was tried; it outlives the disk. */
export type Ledger = {
  readonly attempted: Commit[];
  /** Texts of events that somebody was told of: acknowledged as durable, or read and synced by another process. */
  readonly required: Set<string>;
};

export type Told = {
  readonly attempted: readonly Commit[];
  readonly required: ReadonlySet<string>;
  readonly indexStates: readonly IndexState[];
  /** Bytes behind the good part of a log whose repair is being cut: in the log or beside it, but somewhere. */
  readonly leftover?: Buffer;
};

export type World = { readonly on: Machine; readonly index: CutIndex; readonly ledger: Ledger };

let nowMs = Date.UTC(2026, 0, 2);
/** One clock and one source of names for everybody: nobody's copy is written over by the next one's. */
const env = { clock: { now: () => nowMs++ }, random: seededRandom(7), sha256: bulkSha256() };
/** The lock is SQLite's and dies with its holder; here one process acts at a time. */
export const freeLock: LogLock = { tryAcquire: () => true, acquire: async () => {}, release() {}, close() {} };

export const newWorld = (disk?: CutDisk, index = cutIndex()): World => {
  const on = machine(disk);
  if (disk === undefined) makeDurableFolder(on, '/home');
  return { on, index, ledger: { attempted: [], required: new Set() } };
};

export const openOn = ({ on, index }: World, onNotice: (text: string) => void = () => {}): JsonlStore =>
  openJsonlStore({ dir: LOGS, fs: processOn(on), lock: freeLock, index, onNotice, ...env });

export const repairOn = ({ on }: World) =>
  repairSyncFailure(LOGS, { fs: processOn(on), lock: freeLock, ...env });

/** Commits of one write; whoever asked is told when it is durable. */
export const append = async (
  world: World,
  store: JsonlStore,
  parts: readonly { readonly stream: string; readonly texts: readonly string[] }[],
  durable: boolean,
): Promise<void> => {
  const versions = new Map<string, number>();
  const commits: Commit[] = [];
  for (const { stream, texts } of parts) {
    const expectedVersion = versions.get(stream) ?? (await store.headOf(stream));
    versions.set(stream, expectedVersion + texts.length);
    commits.push({ stream, expectedVersion, texts, commitId: commitId() });
  }
  world.ledger.attempted.push(...commits);
  await record(world, store, commits, durable);
};

/** The same commits again, as after an error: each is recorded once. */
export const record = async (
  { ledger }: World,
  store: JsonlStore,
  commits: readonly Commit[],
  durable: boolean,
): Promise<void> => {
  await store.appendInOrder(
    commits.map(({ texts, ...commit }) => ({ ...commit, events: texts.map((text) => note(text)) })),
    { durable },
  );
  if (durable) for (const { texts } of commits) for (const text of texts) ledger.required.add(text);
};

/**
 * Goes on until it is recorded: after an error of the disk as a next command would, mending what `wf doctor --fix`
 * mends and with room on the disk. Nothing but exit 74 may come of a disk that fails, fills up or writes less than asked.
 */
export const appendDespite = async (
  world: World,
  parts: readonly { readonly stream: string; readonly texts: readonly string[] }[],
  durable: boolean,
): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const store = openOn(world);
    try {
      if (attempt === 1) await append(world, store, parts, durable);
      else await record(world, store, world.ledger.attempted, durable);
      return;
    } catch (error) {
      if ((error as { exitCode?: unknown }).exitCode !== 74) throw error;
      assert.ok(attempt < 5, `still refused: ${error}`);
      world.on.disk.freeBytes = Number.POSITIVE_INFINITY;
      await refusedUntilMended(world);
    } finally {
      await store.close();
    }
  }
};

/** After a failed sync nobody may write; a repair that fails too is tried again, as a person would. */
const refusedUntilMended = async (world: World): Promise<void> => {
  if (readSyncFailure(processOn(world.on), LOGS) === null) return;
  const store = openOn(world);
  const other = [{ stream: 'run/refused', expectedVersion: 0, texts: ['refused'], commitId: commitId() }];
  await assert.rejects(record(world, store, other, false), { code: 'sync-failed', exitCode: 74 });
  await store.close();
  await repairOn(world).catch(() => repairOn(world));
};

/** Another process looks, makes durable what it saw, and tells: synchronously, between two calls of somebody else. */
export const glance = ({ ledger }: World, store: JsonlStore): void => {
  const seen = Array.from(store.readAllWithOffsets(0), ({ event }) => event);
  const last = seen.at(-1);
  if (last === undefined) return;
  // What it does it has done when it returns; only its answer comes later.
  store.sync({ seq: last.seq }).catch(() => {});
  for (const text of textsOf(seen.filter(({ seq }) => seq <= store.durableSeq))) ledger.required.add(text);
};

/** Another process looks, makes durable what it saw, and tells. */
export const look = async ({ ledger }: World, store: JsonlStore): Promise<void> => {
  const head = await store.head();
  if (head === null) return;
  const upTo = await store.sync(head);
  for (const text of textsOf(await collect(store.readAll(null, { until: upTo })))) ledger.required.add(text);
};

export const textsOf = (events: readonly StoredEvent[]): string[] =>
  events.filter(({ type }) => type === 'FeedbackSubmitted').map((event) => textOf(event) as string);

const bytesOf = (disk: CutDisk, path: string): Buffer => {
  const file = disk.files.get(findIno(disk, path) ?? 0);
  return file === undefined ? Buffer.alloc(0) : file.read(0, file.size);
};
const tornCopies = (disk: CutDisk): Buffer[] => {
  const folder = disk.names(findIno(disk, `${LOGS}/torn`) ?? 0);
  return [...(folder?.keys() ?? [])].sort().map((name) => bytesOf(disk, `${LOGS}/torn/${name}`));
};

export type Tally = { cuts: number; states: number; recoveries: number };

export type CheckOptions = {
  readonly tally: Tally;
  readonly random: Random;
  /** States of one image beyond which a sample is taken. */
  readonly limit: number;
  /** Share of the states whose recovery is cut too. */
  readonly recutShare: number;
  /** Cuts before this call were tried elsewhere. */
  readonly fromCall?: number;
};

/** Runs the history once and cuts it before and within every call that changes the disk. */
export const cutEverywhere = async (
  world: World,
  history: (world: World) => Promise<void>,
  options: CheckOptions,
): Promise<void> => {
  const { images, stop } = recordImages(world.on, () => toldNow(world));
  await history(world);
  stop();
  for (const image of images) {
    if ((image.call?.n ?? Number.POSITIVE_INFINITY) >= (options.fromCall ?? 0))
      await checkImage(image, options);
  }
};

const toldNow = ({ ledger, index }: World): Told => ({
  attempted: [...ledger.attempted],
  required: new Set(ledger.required),
  indexStates: [...index.states],
});

export const checkImage = async (image: Image<Told>, options: CheckOptions): Promise<void> => {
  const { tally, random, limit } = options;
  const { told } = image;
  for (const disk of partsOf(image)) {
    tally.cuts++;
    for (const block of BLOCKS) {
      const states = eachChoice(
        (choose) => ({
          disk: disk.afterCut(choose, block),
          index: told.indexStates[
            told.indexStates.length - 1 - choose(told.indexStates.length)
          ] as IndexState,
        }),
        limit,
        random,
      );
      for (const state of states) {
        tally.states++;
        await checkState(state.disk, told, state.index, options);
      }
    }
  }
};

/** Everything that must hold of what a power cut left. */
const checkState = async (
  found: CutDisk,
  told: Told,
  index: IndexState,
  options: CheckOptions,
): Promise<void> => {
  const again = found.copy();
  const leftover = await leftoverOf(found);
  if (told.leftover !== undefined) checkLeftover(found, told.leftover);
  const kept = await checkReader(found, told, index);
  const world = recoveryWorld(found, told, index);
  await recover(world, told, kept);
  if (options.recutShare <= options.random()) return;
  // The same recovery, cut at every call; what it acknowledged meanwhile counts too.
  const second = recoveryWorld(again, told, index);
  const { images, stop } = recordImages(second.on, () => ({ ...toldNow(second), leftover }));
  await recover(second, told, kept);
  stop();
  options.tally.recoveries++;
  for (const image of images) await checkImage(image, { ...options, limit: 12, recutShare: 0 });
};

const recoveryWorld = (disk: CutDisk, told: Told, index: IndexState): World => {
  const world = newWorld(disk, cutIndex(index));
  world.ledger.attempted.push(...told.attempted);
  for (const text of told.required) world.ledger.required.add(text);
  return world;
};

/** Reading changes nothing, and finds a whole beginning of what was written. */
const checkReader = async (disk: CutDisk, told: Told, index: IndexState): Promise<readonly string[]> => {
  const before = bytesOf(disk, LOG);
  const store = openOn(newWorld(disk, cutIndex(index)));
  const kept = textsOf(await collect(store.readAll(null)));
  await store.close();
  assert.ok(bytesOf(disk, LOG).equals(before), 'a reader changed the log');
  checkTexts(kept, told);
  return kept;
};

const checkTexts = (kept: readonly string[], told: Told): void => {
  const unique = new Set(kept);
  assert.equal(unique.size, kept.length, `an event is there twice: ${kept}`);
  for (const text of told.required) assert.ok(unique.has(text), `told of and gone: ${text}; left: ${kept}`);
  for (const { texts } of told.attempted) {
    const left = texts.filter((text) => unique.has(text)).length;
    assert.ok(left === 0 || left === texts.length, `half of a commit: ${texts}; left: ${kept}`);
  }
};

/** What the next commands do: mend, say again what was not answered, go on, look. */
const recover = async (world: World, told: Told, kept: readonly string[]): Promise<void> => {
  const { disk } = world.on;
  const before = bytesOf(disk, LOG);
  const copiesBefore = tornCopies(disk).length;
  if (readSyncFailure(processOn(world.on), LOGS) !== null) await repairOn(world);
  const writer = openOn(world);
  await record(world, writer, told.attempted, true);
  const name = `after ${told.attempted.length}`;
  await append(world, writer, [{ stream: `run/${name}`, texts: [name] }], true);
  await world.index.catchUp(writer);
  await writer.close();
  const notices: string[] = [];
  const reader = openOn(world, (text) => notices.push(text));
  const all = textsOf(await collect(reader.readAll(null)));
  assert.deepEqual(all.slice(0, kept.length), kept, 'recovery changed what was there');
  checkTexts(all, toldNow(world));
  for (const { texts } of told.attempted)
    for (const text of texts) assert.ok(all.includes(text), `not there after it was said again: ${text}`);
  await reader.close();
  const verified = await verifyLog(LOGS, bulkSha256(), { fs: processOn(world.on) });
  assert.equal(verified.damage, undefined);
  assert.equal(verified.torn, undefined);
  checkNothingVanished(disk, before, copiesBefore);
};

const leftoverOf = async (disk: CutDisk): Promise<Buffer> => {
  const { bytes } = await verifyLog(LOGS, bulkSha256(), { fs: processOn(machine(disk)) });
  return bytesOf(disk, LOG).subarray(bytes);
};

const checkLeftover = (disk: CutDisk, leftover: Buffer): void =>
  assert.ok(
    [bytesOf(disk, LOG), ...tornCopies(disk)].some((bytes) => bytes.includes(leftover)),
    `${leftover.length} bytes that were being set aside are nowhere`,
  );

/** Bytes that are not in the log any more are in `logs/torn/`. */
const checkNothingVanished = (disk: CutDisk, before: Buffer, copiesBefore: number): void => {
  const after = bytesOf(disk, LOG);
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const copies = Buffer.concat(tornCopies(disk).slice(copiesBefore));
  assert.ok(copies.includes(before.subarray(same)), `bytes from ${same} on vanished`);
};

export const options = (seed: number, limit = 600, recutShare = 0.01): CheckOptions => ({
  tally: { cuts: 0, states: 0, recoveries: 0 },
  random: seeded(seed),
  limit,
  recutShare,
});
