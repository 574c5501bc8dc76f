/**
 * A rebuild of a log long enough for two threads, killed at growing numbers of files that it has made, and at the end
 * once more while it puts the new folders into place: whoever comes next builds the same home.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { makeHistory } from '../../bench/make-history.ts';
import { expectHealthy, WF, wfRunner } from '../support/wf.ts';

const RUNS = 1_800;

/** Files that rebuilds have in the making, those of killed ones included. */
function filesInTheMaking(home: string): number {
  const state = join(home, 'state');
  if (!existsSync(state)) return 0;
  return readdirSync(state)
    .filter((name) => name.startsWith('.rebuild'))
    .flatMap((name) => {
      try {
        return readdirSync(join(state, name), { recursive: true, encoding: 'utf8' });
      } catch {
        // It is being put into place just now.
        return [];
      }
    }).length;
}

it('killed again and again on its way, the next rebuild makes the home whole', async () => {
  const runner = wfRunner();
  const made = makeHistory(runner.home, RUNS, WF);
  // The 16 MiB from which two threads share the work.
  expect(made.bytes).toBeGreaterThan(16 * 1024 * 1024);
  let kills = 0;
  for (const share of [0, 0.1, 0.3, 0.6, 0.9, 1]) {
    const before = filesInTheMaking(runner.home);
    const { child, ended } = runner.start(['rebuild-projections']);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over && filesInTheMaking(runner.home) - before < share * RUNS * 2) await pause(1);
    child.kill('SIGKILL');
    const { signal } = await ended;
    if (signal === 'SIGKILL') kills += 1;
  }
  // The last one may have been faster than its killer.
  expect(kills).toBeGreaterThanOrEqual(5);
  const rebuilt = await runner.wf(['rebuild-projections', '--json']);
  expect(rebuilt, rebuilt.stderr).toMatchObject({ code: 0 });
  expect(filesInTheMaking(runner.home)).toBe(0);
  expect(JSON.parse((await runner.wf(['rebuild-projections', '--check', '--json'])).stdout)).toMatchObject({
    ok: true,
  });
  expect(readdirSync(join(runner.home, 'state/runs'))).toHaveLength(RUNS);
  await expectHealthy(runner);
}, 300_000);
