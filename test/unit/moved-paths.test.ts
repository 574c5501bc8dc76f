/** A moved home: a run that names its files where they were tells where they are. */
import { expect, test } from 'vitest';
import { movedPaths } from '../../src/projections/moved-paths.ts';
import { type Effect, noRun, type RunState } from '../../src/workflow/state.ts';

const ID = '01M83NMDH3P592M7G5RTR8XQ6X';
const run = (...said: string[]): RunState => ({
  ...noRun,
  runId: ID,
  error: { code: 'x', stage: 'verify', message: said[0] ?? '' },
  effects: said.slice(1).map((preview) => ({ preview }) as Effect),
});
const was = (...said: string[]): string[] => movedPaths(run(...said), '/new').map((path) => path.was);

test('names the folder before, the path as it was said, and where the same file is now', () => {
  expect(movedPaths(run(`missing: /old/home/artifacts/${ID}/post.md, /x`), '/new')).toEqual([
    { before: '/old/home', was: `/old/home/artifacts/${ID}/post.md`, now: `/new/artifacts/${ID}/post.md` },
  ]);
});

test('finds every kind of file of the run, each once, without the punctuation around it', () => {
  expect(
    was(
      `see "/a/outbox/${ID}.md".`,
      `Write /a/artifacts/${ID}/x/y.json. Then /a/tasks/T-${ID}.step.md (or /a/state/runs/${ID}.json)`,
      `again /a/outbox/${ID}.md`,
    ),
  ).toEqual([
    `/a/outbox/${ID}.md`,
    `/a/artifacts/${ID}/x/y.json`,
    `/a/tasks/T-${ID}.step.md`,
    `/a/state/runs/${ID}.json`,
  ]);
});

test('says nothing of this home, of other runs, of relative paths and of other folders', () => {
  expect(
    was(
      `/new/artifacts/${ID}/post.md`,
      `/old/artifacts/01AAAAAAAAAAAAAAAAAAAAAAAA/post.md`,
      `artifacts/${ID}/post.md and ~/artifacts/${ID}/x`,
      `/old/${ID}/post.md https://example.org/artifacts/${ID}/x`,
    ),
  ).toEqual([]);
});
