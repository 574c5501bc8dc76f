/** A rebuild by two threads makes what one makes, byte for byte and row for row, wherever their messages are cut. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { type Ending, historyArb, runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { filesOf, openTestHome, removeHome, rowsOf, tempHome } from '../support/projection-home.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

const everyFew = (batchEvents: number) => ({ threads: { fromBytes: 0, batchEvents } });

test.prop([historyArb, fc.constantFrom(3, 20, 1_000)], {
  numRuns: propertyRuns(8),
  endOnFailure: true,
})(
  'a rebuild by two threads makes what one makes',
  async (history, batchEvents) => {
    const home = tempHome();
    const at = openTestHome(home);
    try {
      await at.append(history);
      await at.projector.rebuild();
      const files = filesOf(home);
      const rows = rowsOf(at.index, FOLDED_TABLES);
      await at.projector.rebuild(everyFew(batchEvents));
      expect(at.notices.filter((text) => text.includes('thread'))).toEqual([]);
      expect(filesOf(home)).toEqual(files);
      expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
    } finally {
      await at.close();
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);

test.prop([historyArb, fc.integer({ min: 1, max: 3 }), fc.constantFrom(3, 20)], {
  numRuns: propertyRuns(8),
  endOnFailure: true,
})(
  'also where only the newest runs have files, but for copies that were delivered on the way',
  async (history, keptRuns, batchEvents) => {
    const home = tempHome();
    const at = openTestHome(home, { keptRuns });
    const ours = () => Object.entries(filesOf(home)).filter(([path]) => !path.startsWith('artifacts/'));
    try {
      await at.append(history);
      await at.projector.rebuild();
      const files = ours();
      const rows = rowsOf(at.index, FOLDED_TABLES);
      await at.projector.rebuild(everyFew(batchEvents));
      expect(ours()).toEqual(files);
      expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
    } finally {
      await at.close();
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);

describe('a rebuild by two threads', () => {
  const plan = (n: number, ending: Ending) => ({
    ...{ n, workflow: 'alpha', key: `k${n}`, forced: false, ending, input: 'i', output: 'o' },
    summaryFile: `artifacts/${runIdOfPlan(n)}/copy.md`,
  });

  plain('does not bring back a copy that retention gave up', async () => {
    const home = tempHome();
    const at = openTestHome(home);
    await at.append(Array.from({ length: 12 }, (_, n) => runCommits(plan(n, 'expired'))).flat());
    await at.projector.rebuild(everyFew(1));
    expect(Object.keys(filesOf(home)).filter((path) => path.startsWith('artifacts/'))).toEqual([]);
    await at.close();
    removeHome(home);
  });

  plain('says what one thread says of damage, and leaves what was there', async () => {
    const home = tempHome();
    const at = openTestHome(home);
    await at.append(Array.from({ length: 4 }, (_, n) => runCommits(plan(n, 'completed'))).flat());
    await at.projector.project();
    const files = filesOf(home);
    const log = readFileSync(at.paths.log, 'utf8');
    const lines = log.split('\n');
    const damaged = lines.findIndex((line) => line.includes('"type":"EffectIntended"'));
    lines[damaged] = (lines[damaged] as string).replace('"data":{', '"data":[');
    writeFileSync(at.paths.log, lines.join('\n'));
    await expect(at.projector.rebuild(everyFew(5))).rejects.toMatchObject({ exitCode: 65 });
    expect(at.notices.join()).toContain('without a second thread');
    writeFileSync(at.paths.log, log);
    await at.projector.rebuild(everyFew(5));
    expect(filesOf(home)).toEqual(files);
    await at.close();
    removeHome(home);
  });
});
