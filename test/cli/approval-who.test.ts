/** Who may say yes, as a definition asks for it: on real terminals, by the name of the login. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

const asked = async (runner: WfRunner, rule: object, by: string | undefined): Promise<string> => {
  const approval = [{ at: 'execute', ...rule }];
  runner.define({ id: 'pay', execute: sh('echo acted >> "$HOME/acts"'), approval });
  const { code, run } = await runner.json(['run', 'pay', '--input', 'x'], { env: { USER: by } });
  expect({ code, waits: run.waiting?.for }).toEqual({ code: 6, waits: 'approval' });
  return run.waiting?.id ?? '';
};
const yes = (runner: WfRunner, id: string, by: string) =>
  onTerminal(runner, ['approve', id], `${id}\n`, undefined, undefined, { USER: by });

test('four eyes: who started the run cannot approve it, somebody else can', async () => {
  const runner = wfRunner();
  const id = await asked(runner, { fourEyes: true }, 'ada');
  const own = await yes(runner, id, 'ada');
  expect(own.code).toBe(4);
  expect(own.stdout).toMatch(/ada started run \w+: somebody else has to approve it/);
  expect(existsSync(runner.path('acts'))).toBe(false);
  expect(runner.types()).not.toContain('ApprovalGranted');
  expect((await yes(runner, id, 'bea')).code).toBe(0);
  expect(runner.lines('acts')).toEqual(['acted']);
});

test('four eyes: a run of nobody that is known is approved by nobody, which is said with the way out', async () => {
  const runner = wfRunner();
  const id = await asked(runner, { fourEyes: true }, undefined);
  const refused = await yes(runner, id, 'bea');
  expect(refused.code).toBe(4);
  expect(refused.stdout).toMatch(/it is not known who started run \w+[\s\S]*wf reject/);
  expect(existsSync(runner.path('acts'))).toBe(false);
});

test('by: nobody but who is named can approve', async () => {
  const runner = wfRunner();
  const id = await asked(runner, { by: ['bea'] }, 'ada');
  const other = await yes(runner, id, 'ada');
  expect(other.code).toBe(4);
  expect(other.stdout).toContain('bea');
  expect(existsSync(runner.path('acts'))).toBe(false);
  expect((await yes(runner, id, 'bea')).code).toBe(0);
  expect(runner.lines('acts')).toEqual(['acted']);
});
