/** A rebuild that is killed leaves a home which the next command finishes. Real processes, real SIGKILL. */
import { execFile } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkProjections } from '../../src/home/projection-check.ts';
import { type Ending, runCommits, runIdOfPlan, toolCommits } from '../support/projection-histories.ts';
import { filesOf, openTestHome, removeHome, type TestHome, tempHome } from '../support/projection-home.ts';

const child = join(import.meta.dirname, '../support/projection-child.ts');
const start = promisify(execFile);

let home: string;
let at: TestHome;
beforeEach(() => {
  home = tempHome();
  at = openTestHome(home);
});
afterEach(async () => {
  await at.close();
  removeHome(home);
});

const plan = (n: number, ending: Ending) => ({
  n,
  workflow: 'alpha',
  key: `k${n}`,
  forced: false,
  ending,
  input: `task ${n}`,
  output: `output ${n}`,
  summaryFile: `outbox/${runIdOfPlan(n)}.md`,
});

test('killed at any rename is finished by the next command, with no file of anybody lost', async () => {
  await at.append([...runCommits(plan(0, 'completed')), ...runCommits(plan(1, 'handed_off'))]);
  await at.append(toolCommits({ tool: 'dir', hosts: ['h1'], acts: ['ok'] }));
  await at.projector.project();
  const files = filesOf(home);
  let survived = false;
  for (let n = 1; !survived; n++) {
    writeFileSync(join(home, 'outbox/mine.txt'), 'mine');
    await at.close();
    const { stdout } = await start(process.execPath, [child, 'rebuild', home, String(n)]).catch(
      (error: { signal: string; stdout: string }) => {
        expect(error.signal).toBe('SIGKILL');
        return error;
      },
    );
    survived = stdout === 'survived';
    at = openTestHome(home);
    await at.projector.project();
    expect(
      await checkProjections(at.deps).then((found) => found.filter((p) => p.path !== 'outbox/mine.txt')),
    ).toEqual([]);
    const found = filesOf(home);
    const mine = Object.entries(found).filter(([path]) => path.includes('mine.txt'));
    expect(mine.length).toBeGreaterThan(0);
    for (const [path, text] of mine) {
      expect(text).toBe('mine');
      rmSync(join(home, path));
      delete found[path];
    }
    expect(found).toEqual(files);
    expect(readdirSync(at.paths.state).filter((name) => name.startsWith('.rebuild'))).toEqual([]);
    expect(n).toBeLessThan(60);
  }
}, 120_000);
