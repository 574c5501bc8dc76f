/** `wf replay --against`: what a person sees, and that nothing is performed or recorded by it. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sh, wfRunner } from '../support/wf.ts';

test('the first difference is shown, exit 1, and neither work nor log are touched', async () => {
  const runner = wfRunner();
  const definition = { id: 'note', execute: sh('echo did >> "$HOME/acts"') };
  runner.define(definition);
  await runner.json(['run', 'note', '--input', 'x']);
  const before = runner.log().length;
  const same = await runner.wf(['replay', 'last', '--against', 'note']);
  expect(same).toMatchObject({ code: 0, stderr: '' });
  expect(same.stdout).toMatch(
    /^= run \w+: decided again by note \(\w{12}\), all \d+ events come out the same\./,
  );

  const other = { ...definition, execute: sh('echo other >> "$HOME/acts"') };
  writeFileSync(runner.path('other.json'), JSON.stringify(other));
  const { code, stdout } = await runner.wf(['replay', 'last', '--against', './other.json']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^\* run \w+: .* it goes another way at its event \d+ \(#\d+\), after \d+ that are the same\.$/m,
  );
  expect(stdout).toMatch(/^ {2}recorded {2}EffectIntended preview=.*echo did/m);
  expect(stdout).toMatch(/^ {2}decided {3}EffectIntended preview=.*echo other/m);
  expect(runner.lines('acts')).toEqual(['did']);
  expect(runner.log()).toHaveLength(before);
});

test('a file that is no definition is refused by line and column, before anything is replayed', async () => {
  const runner = wfRunner();
  runner.define({ id: 'note', execute: sh('true') });
  await runner.json(['run', 'note', '--input', 'x']);
  writeFileSync(runner.path('broken.json'), '{"id": "note", "execute": {"timeout": 3}}');
  const { code, stderr } = await runner.wf(['replay', 'last', '--against', './broken.json']);
  expect(code).toBe(2);
  expect(stderr).toContain('execute.timeout');
});
