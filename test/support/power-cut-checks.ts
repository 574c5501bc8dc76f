/**
 * What must hold of every state that a power cut may leave of a log. Nobody is asked but the store itself and
 * `verifyLog`; what was told is what the history wrote down outside of the disk.
 */
import assert from 'node:assert/strict';
import { bulkSha256 } from '../../src/log/hash.ts';
import { readSyncFailure } from '../../src/log/sync-mark.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect } from './log-helpers.ts';
import type { CutDisk } from './power-cut-disk.ts';
import { processOn } from './power-cut-fs.ts';
import { cutIndex, type IndexState } from './power-cut-index.ts';
import {
  append,
  LOG,
  LOGS,
  newWorld,
  openOn,
  record,
  repairOn,
  type Told,
  textsOf,
  type World,
} from './power-cut-log.ts';
import { findIno, machine } from './power-cut-machine.ts';
import {
  BLOCKS,
  eachChoice,
  type Image,
  partsOf,
  type Random,
  recordImages,
  seeded,
} from './power-cut-states.ts';

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

export const toldNow = ({ ledger, index }: World): Told => ({
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
  for (const image of images) await checkImage(image, { ...options, limit: 2, recutShare: 0 });
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
