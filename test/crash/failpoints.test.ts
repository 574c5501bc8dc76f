/**
 * The named places where a crash would hurt most (src/failpoint.ts): a process dies at each of them, the next command
 * goes on, and all is checked. The released bundle knows nothing of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FAILPOINTS } from '../../src/failpoint.ts';
import { root } from '../support/wf.ts';
import { makePlace, makeWorkshop, removeFolder, type Workshop } from '../torture/place.ts';
import { sweep } from '../torture/points.ts';
import { SCENARIOS } from '../torture/scenarios.ts';

const workshop = (): Workshop => {
  const made = makeWorkshop();
  onTestFinished(() => removeFolder(made.dir));
  return made;
};

/** Those that come by every place; `npm run torture -- --points` takes all of them, hit by hit. */
const SHORT = new Set([
  ...['once', 'long', 'tooled', 'the first command of a home', 'slow', 'an import in place'],
  ...['a run that improves its own workflow', 'taken over before its act', 'a doubt about what happened'],
  ...[
    'a tool forgotten',
    'a rebuild',
    'a torn end of the log',
    'a missing newline',
    'a sync that has failed',
    'an older part of the log closed',
    'a backup',
    'an erasure',
    'a run that gives up the files of another',
    'somebody is told',
    'slots of a schedule',
  ],
]);

test('a process that dies at any named place is survived by the next command', async () => {
  const scenarios = SCENARIOS.filter(({ name }) => SHORT.has(name));
  expect(scenarios).toHaveLength(SHORT.size);
  const { killsAt, problems } = await sweep(workshop(), {
    all: false,
    twice: false,
    scenarios,
    name: 'short',
  });
  expect(problems).toEqual([]);
  expect(FAILPOINTS.filter((name) => !killsAt.has(name))).toEqual([]);
}, 600_000);

test('the released bundle has no trace of the named places', () => {
  const files = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.cjs'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const code = readFileSync(join(root, 'dist', file), 'utf8');
    expect(code, file).not.toMatch(/failpoint|WF_OWNER_GONE/i);
    for (const name of FAILPOINTS)
      expect(code.includes(`'${name}'`) || code.includes(`"${name}"`), name).toBe(false);
  }
});

test('a name that is not in the catalogue is refused, so that no torture aims at nothing', async () => {
  const place = makePlace(workshop());
  const { code, json } = await place.wf(['run', 'once', '--input', 'x'], { WF_FAILPOINT: 'log.apend:1' });
  expect(code).toBe(1);
  expect(json?.error?.message).toContain('log.apend:1');
});
