/** Lists of runs by filter: the right ones, and no filter that reads the whole history to find them. */
import { afterEach, expect, test } from 'vitest';
import { IN_MEMORY, IndexDb } from '../../src/home/index-db.ts';
import { listRuns } from '../../src/home/read-model.ts';
import { type RunFilter, runQuery } from '../../src/home/run-query.ts';
import { runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { openTestHome, removeHome, tempHome } from '../support/projection-home.ts';

const SINCE = '2026-11-23T00:00:00.000Z';
const given = [
  { status: 'failed' },
  { workflow: 'alpha' },
  { route: 'content' },
  { since: SINCE },
] as const satisfies readonly Partial<RunFilter>[];
/** Every combination of at least one filter. */
const FILTERS: readonly Partial<RunFilter>[] = Array.from({ length: 2 ** given.length - 1 }, (_, bits) =>
  Object.assign({}, ...given.filter((_one, i) => ((bits + 1) >> i) & 1)),
);

const plansOf = (index: IndexDb, sql: string, params: readonly (string | number)[]): string[] =>
  index.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params).map((row) => row.detail);

test.each(FILTERS)('%o walks an index in the order of the list', (filter) => {
  const index = new IndexDb(IN_MEMORY);
  const { sql, params } = runQuery(index, { ...filter, limit: 20 });
  const plans = plansOf(index, sql, params);
  expect(plans).toHaveLength(1);
  // No SCAN, and no temporary tree to sort what was found.
  expect(plans[0]).toMatch(/^SEARCH runs USING (INDEX \w+ \(|INTEGER PRIMARY KEY \()/);
  index.close();
});

test.each([
  [{ status: 'failed' }, 'runs_status (status=?)'],
  [{ workflow: 'alpha' }, 'runs_workflow (workflowId=?)'],
  [{ route: 'content' }, 'runs_route (route=?)'],
  [{ workflow: 'alpha', status: 'failed' }, 'runs_workflow_status (workflowId=? AND status=?)'],
  [{ status: 'failed', since: SINCE }, 'runs_status (status=? AND rowid>?)'],
  [{ since: SINCE }, 'INTEGER PRIMARY KEY (rowid>?)'],
])('%o reads the runs that fit and no others', (filter, used) => {
  const index = new IndexDb(IN_MEMORY);
  const { sql, params } = runQuery(index, { ...filter, limit: 20 });
  expect(plansOf(index, sql, params)[0]).toContain(used);
  index.close();
});

const homes: string[] = [];
afterEach(() => homes.splice(0).forEach(removeHome));

test('--since finds every run that was started since, also after a clock was set back', async () => {
  const home = tempHome();
  homes.push(home);
  const at = openTestHome(home);
  const HOUR_MS = 3_600_000;
  // Hours in the order the runs were recorded: the clock jumps ahead, and back again.
  const hours = [1, 2, 3, 9, 4, 5, 2, 6, 12, 7, 13];
  for (const [n, hour] of hours.entries()) {
    at.setClock(Date.UTC(2026, 10, 23) + hour * HOUR_MS);
    await at.append(
      runCommits({
        n,
        workflow: n % 2 === 0 ? 'alpha' : 'beta',
        key: `k${n}`,
        forced: false,
        ending: n % 3 === 0 ? 'failed' : 'completed',
        input: 'x',
        output: 'y',
        summaryFile: `outbox/${runIdOfPlan(n)}.md`,
      }),
    );
  }
  await at.projector.project();
  const all = listRuns(at.index, { limit: 100 });
  expect(all).toHaveLength(hours.length);
  for (let hour = 0; hour <= 14; hour++) {
    const since = new Date(Date.UTC(2026, 10, 23) + hour * HOUR_MS).toISOString();
    for (const more of [
      {},
      { status: 'failed' },
      { workflow: 'beta', status: 'completed' },
      { route: 'content' },
    ]) {
      const filter: RunFilter = { ...more, since, limit: 100 };
      const expected = all.filter(
        (row) =>
          row.createdAt >= since &&
          (filter.status === undefined || row.status === filter.status) &&
          (filter.workflow === undefined || row.workflowId === filter.workflow),
      );
      expect(listRuns(at.index, filter).map((row) => row.runId)).toEqual(expected.map((row) => row.runId));
    }
  }
  await at.close();
});
