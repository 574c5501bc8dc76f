/** Where two features meet: adopting a definition, a report nobody acted on, a child that outlived its leader. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectHealthy, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const LOW = { classify: { routes: [], fallback: { name: 'x', risk: 'low' } } };

test('a definition that the input cannot serve is refused before the run is taken up with it', async () => {
  const runner = wfRunner();
  runner.define({ id: 'w', ...LOW, execute: sh('exit 3') });
  expect((await runner.json(['run', 'w', '--input', 'x'])).code).toBe(5);
  runner.define({
    id: 'w',
    ...LOW,
    execute: { ...sh('exit 0'), args: ['-c', 'exit 0', '--', '{{input.who}}'] },
  });
  const adopted = await runner.json(['resume', 'last', '--with-current-definition']);
  expect(adopted).toMatchObject({ code: 2, error: { code: 'input-field-missing' } });
  // The run is where it was: not taken up, and still to be resumed with its own definition.
  expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 5, run: { status: 'failed' } });
  await expectHealthy(runner);
});

test('a report that was only recorded is carried on by the same wf run', async () => {
  const runner = wfRunner();
  runner.define({ id: 'w', ...LOW, execute: { dispatcher: 'manual' } });
  await runner.json(['run', 'w', '--input', 'x']);
  expect(await runner.json(['report', 'last', '--text', 'here it is', '--detach'])).toMatchObject({
    code: 0,
    run: { status: 'handed_off' },
  });
  expect(await runner.json(['run', 'w', '--input', 'x'])).toMatchObject({
    code: 0,
    run: { status: 'completed' },
  });
  expect(await runner.json(['run', 'w', '--input', 'x'])).toMatchObject({ answer: 'reused' });
});

const recordOf = (runner: WfRunner): { readonly pid: number } => {
  const [effect = ''] = readdirSync(join(runner.home, 'run'));
  return JSON.parse(readFileSync(join(runner.home, 'run', effect, 'child.json'), 'utf8'));
};
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('cancel ends what a child left at work when wf and the child itself are gone', async () => {
  const runner = wfRunner();
  runner.define({ id: 'w', ...LOW, execute: sh('sleep 600 & echo $! > "$HOME/member"; wait') });
  const { child, ended } = runner.start(['run', 'w', '--input', 'x']);
  await until(() => runner.lines('member').length === 1);
  const member = Number(runner.lines('member')[0]);
  // The child may be faster than who started it: its record is what the next command goes by.
  await until(() =>
    readdirSync(join(runner.home, 'run')).some((effect) =>
      existsSync(join(runner.home, 'run', effect, 'child.json')),
    ),
  );
  child.kill('SIGKILL');
  await ended;
  process.kill(recordOf(runner).pid, 'SIGKILL');
  expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 6, error: { code: 'still-working' } });
  expect((await runner.wf(['cancel', 'last'])).code).toBe(0);
  await until(() => !isAlive(member));
  // Nobody is left who could do it, so it can be taken up again, as the doubt that it is.
  expect(await runner.json(['resume', 'last'])).toMatchObject({
    code: 6,
    run: { waiting: { for: 'unknown-effect' } },
  });
});
