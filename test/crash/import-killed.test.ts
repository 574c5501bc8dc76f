/** An import in place killed wherever it is: nobody works in the home meanwhile, and the same command ends it whole. */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, type WfRunner, wfRunner } from '../support/wf.ts';

const FIXTURE = join(root, 'test/fixtures/legacy-home');
const WITH_FAILPOINTS = join(root, 'dist-torture/wf.cjs');
/** Every so many places after the ones that only an import has. */
const STRIDE = 6;

const ask = (runner: WfRunner, env: Readonly<Record<string, string>>) =>
  runner.startProgram([process.execPath, WITH_FAILPOINTS, 'import-legacy', runner.home, '--json'], { env })
    .ended;

const OWN = [
  'import.begun:1',
  ...[1, 2, 3, 4].map((hit) => `import.folder.moved:${hit}`),
  'import.moved:1',
  'import.definition.copied:1',
  'import.appended:1',
  'import.projected:1',
];

/** Answers whether it died. */
async function killedAt(aim: string): Promise<boolean> {
  const runner = wfRunner();
  cpSync(FIXTURE, runner.home, { recursive: true });
  const { signal, stderr } = await ask(runner, { WF_FAILPOINT: aim });
  if (signal !== 'SIGKILL') return false;
  expect(stderr, aim).toContain('failpoint ');
  if (existsSync(join(runner.home, 'legacy/UNFINISHED'))) {
    const { code, error } = await runner.json(['run', 'autonomous-e2e', '--input', 'x']);
    expect({ aim, code, error: error.code }).toEqual({ aim, code: 2, error: 'import-unfinished' });
  }
  const again = await ask(runner, {});
  expect({ aim, code: again.code, stderr: again.stderr }).toMatchObject({ aim, code: 0 });
  const { counts, moved: _moved } = JSON.parse(again.stdout) as {
    counts: Record<string, { found: number; imported: number; already: number }>;
    moved: unknown;
  };
  expect(counts).toMatchObject({ runs: { found: 6 }, keys: { found: 6 }, logLines: { found: 5 } });
  const types = runner.log().map(({ type }) => type);
  const times = (type: string) => types.filter((one) => one === type).length;
  expect({ aim, runs: times('RunImported'), keys: times('KeyClaimed'), notes: times('LegacyNoted') }).toEqual(
    {
      aim,
      runs: 6,
      keys: 6,
      notes: 5,
    },
  );
  expect(times('FeedbackSubmitted')).toBe(2);
  expect(times('ImprovementApplied')).toBe(2);
  expect(times('ToolImported')).toBe(1);
  expect(existsSync(join(runner.home, 'legacy/UNFINISHED'))).toBe(false);
  expect((await runner.wf(['rebuild-projections', '--check'])).code).toBe(0);
  expect((await runner.wf(['log', 'verify'])).code).toBe(0);
  return true;
}

test('killed at each step of its own, it is gone on with', async () => {
  for (const aim of OWN) expect([aim, await killedAt(aim)]).toEqual([aim, true]);
});

test('killed while it appends and projects, it is gone on with', async () => {
  let died = 0;
  for (let hit = OWN.length; await killedAt(`any:${hit}`); hit += STRIDE) died += 1;
  expect(died).toBeGreaterThan(3);
});
