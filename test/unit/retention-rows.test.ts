/** What retention finds due: ended runs alone, oldest end first, and no walk over those it has dealt with. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dueRuns, endedRunsSql } from '../../src/home/retention-rows.ts';
import { runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { openTestHome, removeHome, type TestHome, tempHome } from '../support/projection-home.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 23);
const ENDINGS = ['completed', 'failed', 'handed_off', 'cancelled', 'approval', 'completed'] as const;

let at: TestHome;
beforeAll(async () => {
  at = openTestHome(tempHome());
  for (const [n, ending] of ENDINGS.entries()) {
    at.setClock(START_MS + n * DAY_MS);
    const plan = { n, workflow: 'alpha', key: `k${n}`, forced: false, input: 'x', output: 'y', ending };
    await at.append(runCommits({ ...plan, summaryFile: `outbox/${runIdOfPlan(n)}.md` }));
  }
  await at.projector.project();
});
afterAll(async () => {
  await at.close();
  removeHome(at.home);
});

const due = (keep: string | number, options: { after?: number; days?: number; workflowId?: string } = {}) =>
  dueRuns(at.index, {
    workflowId: options.workflowId ?? 'alpha',
    kind: 'artifacts',
    keep,
    nowMs: START_MS + (options.days ?? 6) * DAY_MS,
    after: options.after ?? 0,
    limit: 100,
  });
const ids = (...numbers: number[]) => numbers.map(runIdOfPlan);

describe('what is due', () => {
  test.each([
    ['4d', ids(0, 1)],
    ['1d', ids(0, 1, 3)],
    ['999999999d', []],
    ['1ms', ids(0, 1, 3, 5)],
  ])('by age %s', (keep, expected) => {
    expect(due(keep).map((run) => run.runId)).toEqual(expected);
  });

  test.each([
    [1, ids(0, 1, 3)],
    [3, ids(0)],
    [4, []],
  ])('all but the newest %d that have ended', (keep, expected) => {
    expect(due(keep).map((run) => run.runId)).toEqual(expected);
  });

  test('what was dealt with is not read again, and other workflows are none of it', () => {
    const after = due('1ms')[1]?.lastSeq ?? 0;
    expect(due('1ms', { after }).map((run) => run.runId)).toEqual(ids(3, 5));
    expect(due('1ms', { workflowId: 'beta' })).toEqual([]);
  });

  test.each(['artifacts', 'runs'] as const)('is found by an index of ended runs (%s)', (kind) => {
    const plan = at.index.all<{ detail: string }>(
      `EXPLAIN QUERY PLAN ${endedRunsSql(kind)}`,
      ...['alpha', 0, 1_000_000, 200],
    );
    expect(plan.map((row) => row.detail)).toEqual([
      'SEARCH runs USING INDEX runs_ended (workflowId=? AND lastSeq>? AND lastSeq<?)',
    ]);
  });
});
