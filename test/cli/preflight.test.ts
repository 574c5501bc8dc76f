/** `wf definitions preflight`: what a person sees, and that nothing is performed or recorded by it. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

const definition = { id: 'note', execute: sh('echo did >> "$HOME/acts"') };

async function withRuns(runner: WfRunner): Promise<void> {
  runner.define(definition);
  for (const input of ['restart the server', 'water the plants', 'write a blog'])
    await runner.wf(['run', 'note', '--input', input]);
}
const other = (runner: WfRunner, content: object): string => {
  writeFileSync(runner.path('new.json'), JSON.stringify({ ...definition, ...content }));
  return './new.json';
};

test('what would be otherwise is counted and shown, exit 1, and neither work nor log are touched', async () => {
  const runner = wfRunner();
  await withRuns(runner);
  const [acts, events] = [runner.lines('acts').length, runner.log().length];
  const same = await runner.wf(['definitions', 'preflight', other(runner, { description: 'new' })]);
  expect(same).toMatchObject({ code: 0, stderr: '' });
  expect(same.stdout).toMatch(
    /^= the newest 3 runs, decided again by note \(\w{12}\): nothing would change\./,
  );

  const file = other(runner, {
    classify: {
      routes: [{ name: 'garden', match: ['plants'], risk: 'high' }],
      fallback: { name: 'rest', risk: 'low' },
    },
    execute: sh('echo other >> "$HOME/acts"'),
  });
  const { code, stdout, stderr } = await runner.wf(['definitions', 'preflight', file]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain('3 would go another way, 0 would not.');
  expect(stdout).toContain('route in 3, risk in 1, questions asked in 1, message in 3');
  expect(stdout).toMatch(/route: general -> garden/);
  expect(stdout).toMatch(/questions asked: none -> execute/);
  expect(stdout).toMatch(/- \/bin\/sh -c 'echo did/);
  expect(stdout).toMatch(/\+ \/bin\/sh -c 'echo other/);

  const json = await runner.wf(['definitions', 'preflight', file, '--last', '1', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ runs: 1, same: 0, differing: [{ task: 'write a blog' }] });
  expect(runner.lines('acts')).toHaveLength(acts);
  expect(runner.log()).toHaveLength(events);
});

test('a workflow that never ran has nothing to compare with; an erased run is left out, and said', async () => {
  const runner = wfRunner();
  runner.define(definition);
  const none = await runner.wf(['definitions', 'preflight', 'note']);
  expect(none).toMatchObject({ code: 0, stderr: '' });
  expect(none.stdout).toBe('? there is no run of note that could be decided again by it.\n');
  await withRuns(runner);
  expect((await runner.wf(['erase', 'last', '--yes'])).code).toBe(0);
  const { stdout } = await runner.wf(['definitions', 'preflight', 'note', '--last', '1']);
  expect(stdout).toMatch(/left out: run \w+: its texts were erased/);
});
