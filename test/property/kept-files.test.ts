/** Which runs have files is a function of the log and of one number, however it was arrived at. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { RunEvent } from '../../src/events/run-events.ts';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { checkProjections } from '../../src/home/projection-check.ts';
import { evolve, isExpiry } from '../../src/workflow/evolve.ts';
import { noRun, type RunState } from '../../src/workflow/state.ts';
import { type HistoryCommit, historyArb, runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { filesOf, openTestHome, removeHome, rowsOf, tempHome } from '../support/projection-home.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

/** Worked out from the events alone, by nothing that the projector uses. */
function expectedRuns(history: readonly HistoryCommit[], keptRuns: number): string[] {
  const states = new Map<string, RunState>();
  const last = new Map<string, number>();
  let seq = 0;
  for (const { stream, events } of history) {
    for (const event of events) {
      seq += 1;
      if (!stream.startsWith('run/')) continue;
      const state = states.get(stream) ?? noRun;
      const stored = {
        ...(event as RunEvent),
        ts: '2026-11-23T00:00:00.000Z',
        streamVersion: state.version + 1,
      };
      states.set(stream, evolve(state, stored));
      if (!isExpiry(event.type)) last.set(stream, seq);
    }
  }
  const newest = [...last].sort((a, b) => b[1] - a[1]).slice(0, keptRuns);
  const kept = new Set(newest.map(([stream]) => stream));
  for (const [stream, state] of states) {
    const asked = state.effects.some((e) => e.dispatcher === 'manual' && e.status === 'handed_off');
    const isNeeded =
      state.status === 'running' || state.status === 'waiting' || (state.status === 'handed_off' && asked);
    if (isNeeded) kept.add(stream);
    if (state.filesExpired !== null) kept.delete(stream);
  }
  return [...kept].map((stream) => `${stream.slice('run/'.length)}.json`).sort();
}

const recordsIn = (home: string): string[] =>
  existsSync(`${home}/state/runs`) ? readdirSync(`${home}/state/runs`).sort() : [];

const few = fc.integer({ min: 1, max: 3 });
const pauses = fc.array(fc.nat(90), { maxLength: 8 });

test.prop([historyArb, pauses, few, fc.boolean()], { numRuns: propertyRuns(40) })(
  'catching up in any steps leaves the files of a rebuild, and of exactly the runs that keep theirs',
  async (history, stops, keptRuns, reopens) => {
    const home = tempHome();
    try {
      let at = openTestHome(home, { keptRuns });
      const cuts = [...new Set(stops)].filter((cut) => cut < history.length).sort((a, b) => a - b);
      let from = 0;
      for (const cut of [...cuts, history.length]) {
        await at.append(history.slice(from, cut));
        from = cut;
        await at.projector.project();
        expect(recordsIn(home)).toEqual(expectedRuns(history.slice(0, cut), keptRuns));
        if (!reopens) continue;
        await at.close();
        at = openTestHome(home, { keptRuns });
      }
      const files = filesOf(home);
      const rows = rowsOf(at.index, FOLDED_TABLES);
      expect(await checkProjections(at.deps)).toEqual([]);
      const { foreign } = await at.projector.rebuild();
      expect(foreign).toEqual([]);
      expect(filesOf(home)).toEqual(files);
      expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
      await at.close();
    } finally {
      removeHome(home);
    }
  },
  2 * propertyTimeoutMs,
);

test.prop([historyArb, fc.nat(90), few, fc.constantFrom(1, 2, 4, 20_000)], { numRuns: propertyRuns(25) })(
  'another number in config.json is carried out by the next command, up or down, without a rebuild',
  async (history, stop, before, after) => {
    const home = tempHome();
    try {
      const first = openTestHome(home, { keptRuns: before });
      await first.append(history.slice(0, stop));
      await first.projector.project();
      await first.close();
      const second = openTestHome(home, { keptRuns: after });
      await second.projector.project();
      expect(recordsIn(home)).toEqual(expectedRuns(history.slice(0, stop), after));
      await second.append(history.slice(stop));
      await second.projector.project();
      expect(recordsIn(home)).toEqual(expectedRuns(history, after));
      expect(await checkProjections(second.deps)).toEqual([]);
      expect(second.notices.filter((notice) => notice.includes('rebuilt'))).toEqual([]);
      await second.close();
    } finally {
      removeHome(home);
    }
  },
  2 * propertyTimeoutMs,
);

const finished = (n: number): HistoryCommit[] =>
  runCommits({
    n,
    workflow: 'alpha',
    key: `k${n}`,
    forced: n % 2 === 0,
    ending: 'completed',
    input: `task ${n}`,
    output: `out ${n}`,
    summaryFile: `outbox/copies/${runIdOfPlan(n)}.txt`,
  });

test('a run that comes in takes the files of the oldest with it, copies in outbox/ included', async () => {
  const home = tempHome();
  const at = openTestHome(home, { keptRuns: 3 });
  for (let n = 0; n < 8; n++) {
    await at.append(finished(n));
    await at.projector.project();
    const kept = Array.from({ length: Math.min(n + 1, 3) }, (_, i) => runIdOfPlan(Math.max(0, n - 2) + i));
    expect(recordsIn(home)).toEqual(kept.map((id) => `${id}.json`));
    expect(readdirSync(`${home}/outbox/copies`).sort()).toEqual(kept.map((id) => `${id}.txt`));
    expect(readdirSync(`${home}/outbox`).sort()).toEqual([...kept.map((id) => `${id}.md`), 'copies']);
  }
  await at.close();
  removeHome(home);
});

test('a long way to go makes no files that it would take away again', async () => {
  const home = tempHome();
  const at = openTestHome(home, { keptRuns: 2 });
  for (let n = 0; n < 400; n++) await at.append(finished(n));
  const written = countRenames();
  await at.projector.project();
  // One a flush at most: of the run that was under way just then.
  expect(written()).toBeLessThan(100);
  expect(recordsIn(home)).toHaveLength(2);
  expect(await checkProjections(at.deps)).toEqual([]);
  await at.close();
  removeHome(home);
}, 60_000);

test('a file that a power cut brought back is taken away again at the next boot', async () => {
  const home = tempHome();
  const first = openTestHome(home, { keptRuns: 2 });
  for (let n = 0; n < 5; n++) await first.append(finished(n));
  await first.projector.project();
  await first.close();
  for (const n of [0, 2]) writeFileSync(`${home}/state/runs/${runIdOfPlan(n)}.json`, '{}');
  const second = openTestHome(home, { keptRuns: 2, bootId: 'boot-2' });
  await second.projector.project();
  expect(recordsIn(home)).toEqual([3, 4].map((n) => `${runIdOfPlan(n)}.json`));
  expect(await checkProjections(second.deps)).toEqual([]);
  await second.close();
  removeHome(home);
});

/** Every projected file is renamed into its place: so many were made. */
function countRenames(): () => number {
  const fs = process.getBuiltinModule('node:fs');
  const real = fs.renameSync;
  let count = 0;
  fs.renameSync = (...args: Parameters<typeof real>) => {
    count += 1;
    real(...args);
  };
  return () => {
    fs.renameSync = real;
    return count;
  };
}

test('a folder that held only copies is nobody else’s work: a rebuild moves nothing away', async () => {
  const home = tempHome();
  const at = openTestHome(home, { keptRuns: 1 });
  for (let n = 0; n < 3; n++) await at.append(finished(n));
  await at.projector.project();
  const plain = { n: 9, workflow: 'alpha', key: 'k9', forced: false, ending: 'completed' } as const;
  const summaryFile = `outbox/${runIdOfPlan(9)}.md`;
  await at.append(runCommits({ ...plain, input: 'task', output: 'out', summaryFile }));
  await at.projector.project();
  // As after a power cut, or a number in config.json that was larger once.
  writeFileSync(`${home}/outbox/copies/${runIdOfPlan(1)}.txt`, 'old');
  writeFileSync(`${home}/outbox/copies/mine.txt`, 'mine');
  const { foreign } = await at.projector.rebuild();
  expect(foreign.map(({ from }) => from)).toEqual(['outbox/copies/mine.txt']);
  await at.close();
  removeHome(home);
});

test.prop([historyArb, few, fc.nat(), fc.boolean()], { numRuns: propertyRuns(25) })(
  'after a power cut the files of kept runs are whole and those of others are gone, rebuilt or not',
  async (history, keptRuns, pick, rebuilt) => {
    const home = tempHome();
    try {
      const first = openTestHome(home, { keptRuns });
      await first.append(history.slice(0, pick % (history.length + 1)));
      await first.projector.project();
      const before = recordsIn(home);
      await first.append(history.slice(pick % (history.length + 1)));
      await first.projector.project();
      if (rebuilt) await first.projector.rebuild();
      const files = filesOf(home);
      await first.close();
      // Nothing of it had been synced: a new file is empty, and a removal that was not on disk never was.
      for (const name of recordsIn(home)) writeFileSync(`${home}/state/runs/${name}`, '');
      if (!rebuilt) for (const name of before) writeFileSync(`${home}/state/runs/${name}`, '{}');
      const second = openTestHome(home, { keptRuns, bootId: 'boot-2' });
      await second.projector.project();
      expect(filesOf(home)).toEqual(files);
      await second.close();
    } finally {
      removeHome(home);
    }
  },
  2 * propertyTimeoutMs,
);
