/** Incremental projections are the rebuilt ones, byte for byte and row for row, for any history and any pauses in it. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { checkProjections } from '../../src/home/projection-check.ts';
import { historyArb, runIdOfPlan } from '../support/projection-histories.ts';
import { filesOf, openTestHome, removeHome, rowsOf, tempHome } from '../support/projection-home.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

const pauses = fc.array(fc.nat(60), { maxLength: 6 });

test.prop([historyArb, pauses, fc.boolean()], { numRuns: propertyRuns(25) })(
  'a rebuild changes nothing a user can see, however often it was projected on the way',
  async (history, stops, reopens) => {
    const home = tempHome();
    try {
      let at = openTestHome(home);
      const cuts = [...new Set(stops)].filter((cut) => cut < history.length).sort((a, b) => a - b);
      let from = 0;
      for (const cut of [...cuts, history.length]) {
        await at.append(history.slice(from, cut));
        from = cut;
        await at.projector.project();
        if (!reopens) continue;
        await at.close();
        at = openTestHome(home);
      }
      const files = filesOf(home);
      const rows = rowsOf(at.index, FOLDED_TABLES);
      expect(await checkProjections(at.deps)).toEqual([]);
      await at.projector.rebuild();
      expect(filesOf(home)).toEqual(files);
      expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
      await at.close();
    } finally {
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);

test.prop([historyArb, pauses, fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }), fc.boolean()], {
  numRuns: propertyRuns(25),
})(
  'files of runs that were written before their turn end as a rebuild has them, also when their writer was killed',
  async (history, stops, early, reopens) => {
    const home = tempHome();
    try {
      let at = openTestHome(home);
      const cuts = [...new Set(stops)].filter((cut) => cut < history.length).sort((a, b) => a - b);
      let from = 0;
      for (const [i, cut] of cuts.entries()) {
        await at.append(history.slice(from, cut));
        from = cut;
        // Every other time the pass that belongs to them comes after more has happened, or in another process.
        if (i % 2 === 0) await at.projector.project();
        await Promise.all(early.map((n) => at.projector.writeEarly(runIdOfPlan(n))));
        if (!reopens) continue;
        await at.close();
        at = openTestHome(home);
      }
      await at.append(history.slice(from));
      await at.projector.project();
      const files = filesOf(home);
      const rows = rowsOf(at.index, FOLDED_TABLES);
      await at.projector.rebuild();
      expect(filesOf(home)).toEqual(files);
      expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
      await at.close();
    } finally {
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);

test.prop([historyArb, fc.nat()], { numRuns: propertyRuns(15) })(
  'another boot or a lost index ends in the same files',
  async (history, pick) => {
    const home = tempHome();
    try {
      const first = openTestHome(home);
      await first.append(history);
      await first.projector.project();
      const files = filesOf(home);
      await first.close();
      const names = Object.keys(files);
      const lost = names[pick % Math.max(1, names.length)];
      if (lost !== undefined) {
        // As a power cut leaves a file that was never synced.
        const { truncateSync } = await import('node:fs');
        truncateSync(`${home}/${lost}`, 0);
      }
      const second = openTestHome(home, { bootId: 'boot-2' });
      await second.projector.project();
      expect(filesOf(home)).toEqual(files);
      await second.close();
    } finally {
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);
