/**
 * What processes do on a log whose disk may lose power or fail; whatever they are told is written down outside of it.
 */
import assert from 'node:assert/strict';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import type { JsonlStore } from '../../src/log/jsonl-store.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';
import type { LogLock } from '../../src/log/lock.ts';
import { readSyncFailure } from '../../src/log/sync-mark.ts';
import { repairSyncFailure } from '../../src/log/sync-repair.ts';
import { collect, commitId, note, seededRandom, textOf } from './log-helpers.ts';
import type { CutDisk } from './power-cut-disk.ts';
import { processOn } from './power-cut-fs.ts';
import { type CutIndex, cutIndex, type IndexState } from './power-cut-index.ts';
import { type Machine, machine, makeDurableFolder } from './power-cut-machine.ts';

export const LOGS = '/home/logs';
export const LOG = `${LOGS}/events.jsonl`;

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
export const freeLock: LogLock = {
  tryAcquire: () => true,
  acquire: async () => {},
  release() {},
  close() {},
};

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
