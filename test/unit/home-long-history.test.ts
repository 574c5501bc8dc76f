/** A home with more history than most rules look back over: what must not grow with it, and what must stay right. */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { INDEX_JSON_LIMIT } from '../../src/projections/index-json.ts';
import { runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { openTestHome, removeHome, type TestHome, tempHome } from '../support/projection-home.ts';

const RUNS = INDEX_JSON_LIMIT + 50;
const plan = (n: number) => ({
  n,
  workflow: 'alpha',
  key: `k${n}`,
  forced: false,
  ending: 'completed' as const,
  input: `task ${n}`,
  output: `output ${n}`,
  summaryFile: `outbox/${runIdOfPlan(n)}.md`,
});

let home: string;
let at: TestHome;
beforeAll(async () => {
  home = tempHome();
  at = openTestHome(home);
  for (let n = 0; n < RUNS; n++) await at.append(runCommits(plan(n)));
  await at.projector.project();
}, 120_000);
afterAll(async () => {
  await at.close();
  removeHome(home);
});

const mapped = (): { idempotency: Record<string, string>; total: number } =>
  JSON.parse(readFileSync(at.paths.indexJson, 'utf8')) as ReturnType<typeof mapped>;

test('index.json lists the newest finished keys, oldest first, and counts them all', async () => {
  const { idempotency, total } = mapped();
  expect(total).toBe(RUNS);
  const newest = Array.from({ length: INDEX_JSON_LIMIT }, (_, i) => RUNS - INDEX_JSON_LIMIT + i);
  expect(Object.entries(idempotency)).toEqual(newest.map((n) => [`k${n}`, runIdOfPlan(n)]));
});

test('a rebuild leaves no second copy of the index in its write-ahead log', async () => {
  await at.projector.rebuild();
  const { size } = statSync(at.paths.indexDb);
  const wal = statSync(`${at.paths.indexDb}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  expect(size).toBeGreaterThan(100_000);
  expect(wal).toBeLessThan(size / 10);
}, 120_000);
