/** `limits` with the built program: real processes racing for the places of a workflow, and costs that an agent states. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectHealthy, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const low = { routes: [], highRiskWords: [], fallback: { name: 'g', risk: 'low' } };

/** Waits in its act until the test writes the file `go`. */
const held = (runner: WfRunner, name: string) =>
  sh(`echo begun >> ${runner.path(name)}; while [ ! -e ${runner.path('go')} ]; do sleep 0.05; done`);

test('eight processes at once, two places: two runs, six refusals that say which limit', async () => {
  const runner = wfRunner();
  runner.define({ id: 'two', classify: low, execute: held(runner, 'acts'), limits: { concurrency: 2 } });
  const all = Array.from({ length: 8 }, (_, i) =>
    runner.start(['--json', 'run', 'two', '--input', `work ${i}`]),
  );
  let refused = 0;
  for (const { ended } of all) void ended.then(({ code }) => (refused += code === 7 ? 1 : 0));
  await until(() => refused === 6 && runner.lines('acts').length === 2);
  writeFileSync(runner.path('go'), '');
  const codes = await Promise.all(all.map(async ({ ended }) => (await ended).code));
  expect(codes.toSorted()).toEqual([0, 0, 7, 7, 7, 7, 7, 7]);
  const noted = runner.log().filter(({ type }) => type === 'RunRefused');
  expect(noted).toHaveLength(6);
  const why = await runner.wf(['why', '--not', 'last']);
  expect(why.stdout).toContain('limits.concurrency of two is 2, and 2 runs are at work');
  const after = await runner.json(['run', 'two', '--input', 'work 9']);
  expect(after.code).toBe(0);
  await expectHealthy(runner);
});

test('a killed run holds its place, by its own resume it goes on, and then the place is free', async () => {
  const runner = wfRunner();
  const execute = { ...held(runner, 'acts'), idempotent: true };
  runner.define({ id: 'one', classify: low, execute, limits: { concurrency: 1 } });
  const first = runner.start(['run', 'one', '--input', 'a']);
  await until(() => runner.lines('acts').length === 1);
  first.child.kill('SIGKILL');
  await first.ended;
  writeFileSync(runner.path('go'), '');
  const second = await runner.json(['run', 'one', '--input', 'b']);
  expect(second).toMatchObject({ code: 7, error: { code: 'limit-reached' } });
  const killed = runner.log().find(({ type }) => type === 'RunStarted')?.data.runId as string;
  expect(second.error.hint).toContain(`wf resume ${killed}`);
  await until(() => runner.lines('acts').length === 1);
  let resumed = await runner.json(['resume', killed]);
  // Its child may live a little longer than the test sees.
  while (resumed.code === 6) resumed = await runner.json(['resume', killed]);
  expect(resumed.code).toBe(0);
  expect((await runner.json(['run', 'one', '--input', 'b'])).code).toBe(0);
  await expectHealthy(runner);
});

test('runs of a day are counted across processes and rebuilt rows', async () => {
  const runner = wfRunner();
  runner.define({ id: 'daily', classify: low, execute: sh('true'), limits: { runsPerDay: 2 } });
  for (const input of ['a', 'b'])
    expect((await runner.json(['run', 'daily', '--input', input])).code).toBe(0);
  expect((await runner.json(['run', 'daily', '--input', 'a'])).answer).toBe('reused');
  const refused = await runner.json(['run', 'daily', '--input', 'c']);
  expect(refused.code).toBe(7);
  expect(refused.error.message).toContain('limits.runsPerDay of daily is 2, and 2 runs were started today');
  expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
  expect((await runner.json(['run', 'daily', '--input', 'c', '--force'])).code).toBe(7);
});

test('costs that an agent states end a run at its limit, and a day; unknown ones are said', async () => {
  const runner = wfRunner();
  const agent = runner.path('agent.sh');
  // Stands in for an assistant's program.
  writeFileSync(agent, '#!/bin/sh\ncat > /dev/null\necho "{\\"result\\":\\"ok\\",\\"cost\\":$COST}"\n');
  chmodSync(agent, 0o755);
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  const json = { outputFormat: 'json', resultPath: 'result', costPath: 'cost', env: ['COST'] };
  const silent = { command: '/bin/cat' };
  writeFileSync(
    `${runner.home}/config.json`,
    JSON.stringify({ agents: { paid: { command: agent, ...json }, silent } }),
  );
  const turn = (id: string, name: string) => ({ id, dispatcher: 'agent', agent: name, await: 'outcome' });
  const execute = { steps: [turn('a', 'silent'), turn('b', 'paid'), turn('c', 'paid')] };
  runner.define({ id: 'dear', classify: low, execute, limits: { costUsdPerRun: 1, costUsdPerDay: 2 } });
  const env = { COST: '1.1' };
  const first = await runner.json(['run', 'dear', '--input', 'x'], { env });
  expect(first).toMatchObject({ code: 7, run: { status: 'failed', error: { code: 'limit-cost-per-run' } } });
  expect(first.run.error?.message).toContain('at least 1.1 USD (the cost of 1 turn is not known)');
  const shown = await runner.wf(['show', 'last']);
  expect(shown.stdout).toContain('at least 1.1 USD (the cost of 1 turn is not known)');
  const why = await runner.wf(['why', 'last']);
  expect(why.stdout).toContain('What it cost is not known');
  expect(why.stdout).toContain('It cost 1.1 USD');
  expect((await runner.json(['run', 'dear', '--input', 'y'], { env })).code).toBe(7);
  const third = await runner.json(['run', 'dear', '--input', 'z'], { env });
  expect(third).toMatchObject({ code: 7, error: { code: 'limit-reached' } });
  expect(third.error.message).toContain('at least 2.2 USD (the cost of 2 turns is not known) today');
  await expectHealthy(runner);
});
