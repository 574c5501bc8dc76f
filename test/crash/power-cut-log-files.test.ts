/**
 * The power goes while a part of the log is closed, or a run is erased, in any state a disk may be left in: no event
 * that was told of is missing, the log verifies as it is, and doing the same again ends where it would have.
 */
import { describe, expect, it } from 'vitest';
import { findCut } from '../../src/log/archive-cut.ts';
import type { FileSystem } from '../../src/log/file-system.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';
import type { LogLock } from '../../src/log/lock.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, note, seededRandom, steppingClock } from '../support/log-helpers.ts';
import { processOn } from '../support/power-cut-fs.ts';
import { type Machine, machine, makeDurableFolder } from '../support/power-cut-machine.ts';
import { BLOCKS, eachChoice, partsOf, recordImages, seeded } from '../support/power-cut-states.ts';

const DIR = '/home/logs';
const LOG = `${DIR}/events.jsonl`;
const RUN = 'run/r1';
/** After a cut there is one process; before it, the order of calls is all that counts. */
const lock: LogLock = { tryAcquire: () => true, acquire: async () => {}, release() {}, close() {} };

const storeOn = (fs: FileSystem) =>
  openJsonlStore({ dir: DIR, fs, lock, clock: steppingClock(), random: seededRandom(7), sha256: coldSha256 });

async function history(): Promise<Machine> {
  const on = machine();
  makeDurableFolder(on, DIR);
  const store = storeOn(processOn(on));
  const append = async (stream: string, ...texts: readonly string[]): Promise<void> => {
    const events = texts.map((text) => note(text));
    await store.append(stream, await store.headOf(stream), events, { commitId: commitId(), durable: true });
  };
  await append(RUN, 'the SECRET', 'more SECRET');
  await append('workflow/w', 'one', 'two', 'three');
  await append(RUN, 'SECRET to the end');
  const erased = { type: 'RunErased', data: { runId: 'r1' } };
  await store.append(RUN, 3, [erased], { commitId: commitId(), durable: true });
  await append('workflow/w', 'four', 'five');
  await store.close();
  return on;
}

const EVENTS = 9;
type Act = (fs: FileSystem) => Promise<void>;

const archive: Act = async (fs) => {
  const store = storeOn(fs);
  const log = await store.maintenance();
  const cut = findCut(fs, LOG, await log.settled(), { events: 4 });
  if (cut !== null) await log.archive(cut);
  await store.close();
};

const erase: Act = async (fs) => {
  const store = storeOn(fs);
  await (await store.maintenance()).eraseData(RUN, 4);
  await store.close();
};

const textsOf = (fs: FileSystem): string => {
  const segments = `${DIR}/segments`;
  const names = fs.existsSync(segments) ? fs.readdirSync(segments).map((name) => `${segments}/${name}`) : [];
  return [LOG, ...names].map((file) => fs.readFileSync(file, 'utf8')).join('');
};

/** Every state after a cut anywhere in the act; `after` looks at each, and at what the same act makes of it. */
async function cutAnywhere(on: Machine, act: Act, seed: number, after: (fs: FileSystem) => Promise<void>) {
  const record = recordImages(on, () => EVENTS);
  await act(processOn(on));
  record.stop();
  let states = 0;
  const random = seeded(seed);
  for (const image of record.images) {
    for (const part of partsOf(image)) {
      for (const block of BLOCKS) {
        for (const disk of eachChoice((choose) => part.copy().afterCut(choose, block), 12, random)) {
          states += 1;
          const fs = processOn(machine(disk));
          const verified = await verifyLog(DIR, coldSha256, { fs, durableMark: EVENTS });
          expect(verified).toMatchObject({ events: EVENTS });
          expect(verified).not.toHaveProperty('damage');
          await act(fs);
          await after(fs);
          expect(await verifyLog(DIR, coldSha256, { fs, durableMark: EVENTS })).toMatchObject({
            events: EVENTS,
          });
        }
      }
    }
  }
  return states;
}

const wholeAndGoesOn = async (fs: FileSystem): Promise<void> => {
  const store = storeOn(fs);
  expect(await collect(store.readAll(null))).toHaveLength(EVENTS);
  expect(await collect(store.read(RUN))).toHaveLength(4);
  await store.append('workflow/x', 0, [note('goes on')], { commitId: commitId(), durable: true });
  expect(await store.headOf('workflow/x')).toBe(1);
  await store.close();
  expect((await verifyLog(DIR, coldSha256, { fs })).headSeq).toBe(EVENTS + 1);
};

describe('the power goes', () => {
  it('while a part of the log is closed', async () => {
    const states = await cutAnywhere(await history(), archive, 1, async (fs) => {
      const segments = fs.readdirSync(`${DIR}/segments`);
      expect(segments).toEqual(['1-5.jsonl']);
      expect(textsOf(fs).match(/"seq":0,/g)).toHaveLength(2);
    });
    expect(states).toBeGreaterThan(200);
  });

  it('while a second part is closed, and the log goes on', async () => {
    const on = await history();
    await archive(processOn(on));
    const again: Act = async (fs) => {
      const store = storeOn(fs);
      const log = await store.maintenance();
      const cut = findCut(fs, LOG, await log.settled(), { events: 2 });
      if (cut !== null) await log.archive(cut);
      await store.close();
    };
    const states = await cutAnywhere(on, again, 2, async (fs) => {
      expect([...fs.readdirSync(`${DIR}/segments`)].sort()).toEqual(['1-5.jsonl', '6-7.jsonl']);
    });
    expect(states).toBeGreaterThan(200);
    await wholeAndGoesOn(processOn(on));
  });

  it.each([
    ['in one file', async () => {}],
    ['in a closed file and the open one', archive],
  ] as const)('while a run is erased %s', async (_where, before) => {
    const on = await history();
    await before(processOn(on));
    const states = await cutAnywhere(on, erase, 3, async (fs) => {
      expect(textsOf(fs)).not.toContain('SECRET');
      expect(await verifyLog(DIR, coldSha256, { fs })).toMatchObject({ erased: 3 });
    });
    expect(states).toBeGreaterThan(100);
    await wholeAndGoesOn(processOn(on));
  });
});
