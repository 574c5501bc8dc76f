/** A log in several files is the same log: for everybody who reads, appends, folds, erases or opens it anew. */
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { runStream } from '../../src/events/streams.ts';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { checkProjections } from '../../src/home/projection-check.ts';
import { findCut, type Keep } from '../../src/log/archive-cut.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { repairSyncFailure } from '../../src/log/sync-repair.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, note, openTestStore, systemEnv, tempDir } from '../support/log-helpers.ts';
import { type HistoryCommit, historyArb } from '../support/projection-histories.ts';
import {
  filesOf,
  openTestHome,
  removeHome,
  rowsOf,
  type TestHome,
  tempHome,
} from '../support/projection-home.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

type Archivable = Pick<ReturnType<typeof openTestStore>, 'maintenance' | 'path'>;

/** Answers the closed file, if there was anything to close. */
async function archive(store: Archivable, keep: Keep): Promise<string | null> {
  const log = await store.maintenance();
  return log.alone(async () => {
    const cut = findCut(nodeFs, store.path, await log.settled(), keep);
    return cut === null ? null : (await log.archive(cut)).file;
  });
}

const bytesOf = (at: TestHome): string => {
  const folder = `${at.paths.logs}/segments`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const inOrder = names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return [...inOrder.map((name) => `${folder}/${name}`), at.paths.log]
    .map((file) => readFileSync(file, 'utf8').replace(/^\{"seq":0,.*\n/, ''))
    .join('');
};

const cuts = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 5 });

test.prop([historyArb, cuts, fc.boolean()], { numRuns: propertyRuns(15) })(
  'cut anywhere, as often as you like: the same events, rows, files and hashes',
  async (history: readonly HistoryCommit[], wanted, reopens) => {
    fc.pre(history.length > 0);
    const [plainHome, cutHome] = [tempHome(), tempHome()];
    try {
      const plain = openTestHome(plainHome);
      let cut = openTestHome(cutHome);
      const at = new Map(wanted.map(([where, keep]) => [where % Math.max(1, history.length), keep]));
      for (const [i, commit] of history.entries()) {
        await plain.append([commit]);
        await cut.append([commit]);
        const keep = at.get(i);
        if (keep === undefined) continue;
        if (keep % 3 === 0) await cut.projector.project();
        await archive(cut.store, { events: keep });
        if (reopens) {
          await cut.close();
          cut = openTestHome(cutHome);
        }
      }
      const events = await collect(plain.store.readAll(null));
      const strip = (all: typeof events) =>
        all.map(({ seq, stream, streamVersion, type, data, batch }) => ({
          seq,
          stream,
          streamVersion,
          type,
          data,
          batch,
        }));
      expect(strip(await collect(cut.store.readAll(null)))).toEqual(strip(events));
      for (const stream of new Set(events.map((event) => event.stream))) {
        expect(await cut.store.headOf(stream)).toBe(await plain.store.headOf(stream));
        expect(strip(await collect(cut.store.read(stream)))).toEqual(
          strip(await collect(plain.store.read(stream))),
        );
      }
      const verified = await verifyLog(cut.paths.logs, coldSha256);
      expect(verified).toMatchObject({ events: events.length, bytes: Buffer.byteLength(bytesOf(cut)) });
      expect(verified).not.toHaveProperty('damage');
      await cut.projector.project();
      expect(await checkProjections(cut.deps)).toEqual([]);
      const before = { files: filesOf(cutHome), rows: rowsOf(cut.index, FOLDED_TABLES) };
      await cut.projector.rebuild();
      expect({ files: filesOf(cutHome), rows: rowsOf(cut.index, FOLDED_TABLES) }).toEqual(before);
      await plain.close();
      await cut.close();
    } finally {
      removeHome(plainHome);
      removeHome(cutHome);
    }
  },
  propertyTimeoutMs,
);

describe('an archived log', () => {
  const temp = tempDir();
  afterAll(() => temp.remove());
  const openAt = (name: string) => openTestStore(`${temp.dir}/${name}/logs`);
  const fill = async (store: ReturnType<typeof openAt>, batches: number): Promise<void> => {
    for (let i = 0; i < batches; i++) {
      const version = await store.headOf('workflow/w');
      const batch = [note(`${i} a`), note(`${i} b`), note(`${i} c`)];
      await store.append('workflow/w', version, batch, { commitId: commitId(), durable: true });
    }
  };

  it('is cut between batches, keeps at least what was asked for, and at least something', async () => {
    const store = openAt('batches');
    await fill(store, 5);
    expect(await archive(store, { events: 100 })).toBeNull();
    expect(await archive(store, { events: 15 })).toBeNull();
    expect(await archive(store, { events: 7 })).toMatch(/\/segments\/1-6\.jsonl$/);
    expect(await archive(store, { events: 9 })).toBeNull();
    expect(await archive(store, { since: '2999-01-01T00:00:00.000Z' })).toMatch(/\/7-12\.jsonl$/);
    expect(await archive(store, { since: '2000-01-01T00:00:00.000Z' })).toBeNull();
    expect(statSync(`${temp.dir}/batches/logs/segments/1-6.jsonl`).mode & 0o777).toBe(0o400);
    expect(await collect(store.readAll(null))).toHaveLength(15);
    await store.close();
  });

  it('goes on in a process that has the old file open: what it then appends is in the new one', async () => {
    const [here, there] = [openAt('open'), openAt('open')];
    await fill(here, 3);
    expect(await there.headOf('workflow/w')).toBe(9);
    await archive(here, { events: 3 });
    await fill(there, 1);
    expect(await here.headOf('workflow/w')).toBe(12);
    expect(await collect(here.read('workflow/w'))).toHaveLength(12);
    expect(await verifyLog(`${temp.dir}/open/logs`, coldSha256)).toMatchObject({ headSeq: 12 });
    await here.close();
    await there.close();
  });

  it('mends a torn end in the open file alone', async () => {
    const store = openAt('torn');
    await fill(store, 3);
    await archive(store, { events: 3 });
    await store.close();
    appendFileSync(store.path, '{"seq":10,"id":"half of a li');
    const again = openAt('torn');
    await fill(again, 1);
    expect(await verifyLog(`${temp.dir}/torn/logs`, coldSha256)).toMatchObject({ headSeq: 12, events: 12 });
    expect(await verifyLog(`${temp.dir}/torn/logs`, coldSha256)).not.toHaveProperty('torn');
    expect(readdirSync(`${temp.dir}/torn/logs/torn`)).toHaveLength(1);
    await again.close();
  });

  it('says which part is missing, or not what it was, and changes nothing', async () => {
    const store = openAt('missing');
    await fill(store, 4);
    await archive(store, { events: 6 });
    await archive(store, { events: 3 });
    await store.close();
    const second = `${temp.dir}/missing/logs/segments/7-9.jsonl`;
    const bytes = readFileSync(second, 'utf8');
    nodeFs.rmSync(second, {});
    await expect(verifyLog(`${temp.dir}/missing/logs`, coldSha256)).rejects.toMatchObject({
      ...{ code: 'log-corrupt', exitCode: 65 },
    });
    nodeFs.writeFileSync(second, bytes.replace('"globalOffset":', '"globalOffset":1'));
    await expect(verifyLog(`${temp.dir}/missing/logs`, coldSha256)).rejects.toMatchObject({
      code: 'log-corrupt',
    });
    nodeFs.writeFileSync(second, bytes.replace('"type":"FeedbackSubmitted"', '"type":"FeedbackSubmittee"'));
    expect((await verifyLog(`${temp.dir}/missing/logs`, coldSha256)).damage).toMatchObject({ line: 7 });
    nodeFs.writeFileSync(second, bytes);
    expect(await verifyLog(`${temp.dir}/missing/logs`, coldSha256)).toMatchObject({ headSeq: 12 });
  });

  it('gives up nothing where what is to be closed is damaged', async () => {
    const store = openAt('damaged');
    await fill(store, 4);
    const whole = readFileSync(store.path, 'utf8');
    // Behind the back of the store, which has seen these lines before.
    const spoilt = whole.replace('"text":"1 b"', '"text":"1 X"');
    nodeFs.writeFileSync(store.path, spoilt);
    await expect(archive(store, { events: 3 })).rejects.toMatchObject({ code: 'log-corrupt' });
    expect(readFileSync(store.path, 'utf8')).toBe(spoilt);
    await store.close();
  });

  it('is mended after a failed sync in its open file, and stays cut where it was', async () => {
    const store = openAt('sync');
    await fill(store, 3);
    await archive(store, { events: 3 });
    await store.close();
    const logs = `${temp.dir}/sync/logs`;
    nodeFs.writeFileSync(`${logs}/SYNC_FAILED`, JSON.stringify({ offset: 0, durableSeq: 6 }));
    appendFileSync(store.path, '{"seq":10,"half');
    const repair = await repairSyncFailure(logs, systemEnv);
    expect(repair).toEqual({ durableSeq: 6, eventsKept: 3, bytesSetAside: 15 });
    const again = openAt('sync');
    await fill(again, 1);
    expect(await verifyLog(logs, coldSha256)).toMatchObject({ events: 12, headSeq: 12 });
    expect(readFileSync(store.path, 'utf8')).toMatch(/^\{"seq":0,"type":"SegmentOpened".*"firstSeq":7,/);
    await again.close();
  });

  it('erases in closed files too, which stay read-only', async () => {
    const store = openAt('erase');
    await store.append(runStream('r1'), 0, [note('the SECRET word'), note('and SECRET again')], {
      ...{ commitId: commitId(), durable: true },
    });
    await fill(store, 2);
    await store.append(runStream('r1'), 2, [note('SECRET to the end')], {
      commitId: commitId(),
      durable: true,
    });
    await fill(store, 1);
    const closed = (await archive(store, { events: 4 })) as string;
    const log = await store.maintenance();
    expect(readFileSync(closed, 'utf8')).toContain('SECRET');
    expect(await log.alone(() => log.eraseData(runStream('r1'), 4))).toBe(3);
    for (const file of [closed, store.path]) expect(readFileSync(file, 'utf8')).not.toContain('SECRET');
    expect(statSync(closed).mode & 0o777).toBe(0o400);
    expect(await collect(store.readAll(null))).toHaveLength(12);
    expect(await verifyLog(`${temp.dir}/erase/logs`, coldSha256)).toMatchObject({ headSeq: 12, erased: 3 });
    await store.close();
  });
});
