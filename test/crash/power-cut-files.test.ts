/**
 * Files beside the log that somebody relies on: long values that events name, definitions and their backups, and what
 * the clean mark calls safe. After a power cut each is there, whole, as was said.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { openBlobs } from '../../src/home/blobs.ts';
import { readCleanMark } from '../../src/home/stream-index.ts';
import { createSynced, replaceSynced } from '../../src/home/synced-file.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import type { CutDisk } from '../support/power-cut-disk.ts';
import { processOn } from '../support/power-cut-fs.ts';
import { checkSame, HOME, newHome, openHomeOn } from '../support/power-cut-home.ts';
import { findIno, type Machine, machine, makeDurableFolder } from '../support/power-cut-machine.ts';
import { type DbState, openIndex, removeIndexes } from '../support/power-cut-sqlite.ts';
import { BLOCKS, eachChoice, partsOf, recordImages, seeded } from '../support/power-cut-states.ts';
import { runCommits, runIdOfPlan } from '../support/projection-histories.ts';

afterEach(removeIndexes);

const textAt = (disk: CutDisk, path: string): string | null => {
  const file = disk.files.get(findIno(disk, path) ?? 0);
  return file === undefined ? null : file.read(0, file.size).toString('utf8');
};

/** Every state of every cut, with what had been promised by then. */
const cut = async <T>(
  on: Machine,
  told: () => T,
  act: () => Promise<void>,
  check: (disk: CutDisk, told: T) => void,
) => {
  const { images, stop } = recordImages(on, told);
  await act();
  stop();
  let states = 0;
  for (const image of images) {
    for (const disk of partsOf(image)) {
      for (const block of BLOCKS) {
        for (const found of eachChoice((choose) => disk.afterCut(choose, block), 300, seeded(1))) {
          states++;
          check(found, image.told);
        }
      }
    }
  }
  expect(states).toBeGreaterThan(4);
};

const home = (): Machine => {
  const on = machine();
  makeDurableFolder(on, HOME);
  return on;
};

/** At each call of it, the first attempt is killed; 0 = it is not. */
const killedAt = async (on: Machine, n: number, act: () => Promise<unknown>): Promise<void> => {
  const from = on.calls;
  on.beforeCall = (call) => {
    if (n > 0 && call.n >= from + n) throw new Error('killed');
    return undefined;
  };
  await act().catch(() => undefined);
  on.beforeCall = () => undefined;
};

describe('after a power cut', () => {
  const sha256 = bulkSha256();
  const bytes = Buffer.from('long '.repeat(300));

  it('a blob that was put is there whole, also when another process was killed while it put the same', async () => {
    for (let n = 0; n < 14; n++) {
      const on = home();
      const blobs = openBlobs(`${HOME}/blobs`, sha256, processOn(on));
      await killedAt(on, n === 0 ? 1 : n, () => blobs.put(bytes));
      let put = false;
      await cut(
        on,
        () => put,
        async () => {
          await blobs.put(bytes);
          put = true;
        },
        (disk, isPut) => {
          const found = textAt(disk, `${HOME}/blobs/${sha256(bytes)}`);
          if (isPut || found !== null) expect(found).toBe(bytes.toString());
        },
      );
    }
  });

  it('a definition is the old one or the new one, and the new one for certain once it was said', async () => {
    const file = `${HOME}/definitions/hello.json`;
    for (let n = 1; n < 14; n++) {
      const on = home();
      const fs = processOn(on);
      await killedAt(on, n, async () => createSynced(file, 'killed while it was made', fs));
      const before = textAt(on.disk, file) === null ? createSynced(file, 'old', fs) : true;
      expect(before).toBe(true);
      const old = textAt(on.disk, file);
      if (old !== 'old') replaceSynced(file, `${file}.tmp`, 'old', { exclusive: false, fs });
      let isNew = false;
      await cut(
        on,
        () => isNew,
        async () => {
          replaceSynced(file, `${file}.tmp`, 'new'.repeat(300), { exclusive: false, fs });
          isNew = true;
        },
        (disk, said) => {
          expect(said ? ['new'.repeat(300)] : ['old', 'new'.repeat(300)]).toContain(textAt(disk, file));
        },
      );
    }
  });

  it('a backup in a folder that was made for it is there once it was said', async () => {
    const on = home();
    const file = `${HOME}/definitions/.backups/hello.json`;
    let said = false;
    await cut(
      on,
      () => said,
      async () => {
        said = createSynced(file, 'before', processOn(on));
      },
      (disk, isSaid) => {
        if (isSaid) expect(textAt(disk, file)).toBe('before');
        else expect([null, 'before']).toContain(textAt(disk, file));
      },
    );
  });

  it('what the clean mark calls safe is there, copies of summaries too, and the rest is written again', async () => {
    const at = newHome();
    const runs = Array.from({ length: 190 }, (_, n) =>
      runCommits({
        n,
        workflow: 'alpha',
        key: `k${n}`,
        forced: false,
        ending: 'completed',
        input: `task ${n}`,
        output: 'x',
        summaryFile: n % 5 === 0 ? `artifacts/${runIdOfPlan(n)}/copy.md` : `outbox/${runIdOfPlan(n)}.md`,
      }),
    );
    // One after the other, as commands do.
    for (let n = 0; n < runs.length; n += 19) {
      await at.append(runs.slice(n, n + 19).flat());
      await at.projector.project();
    }
    const mark = readCleanMark(at.index);
    expect(mark.seq).toBeGreaterThan(0);
    const states = at.index.states.slice(-1);
    const random = seeded(3);
    for (let n = 0; n < 4; n++) {
      const choose = n === 0 ? (of: number) => of - 1 : (of: number) => Math.floor(random() * of);
      const disk = at.on.disk.afterCut(choose, BLOCKS[n % 2] ?? 512);
      const next = openHomeOn(machine(disk), openIndex(states[0] as DbState), 'boot-2');
      await next.projector.project();
      await checkSame(next);
      await next.close();
    }
    await at.close();
  }, 300_000);
});
