/** `wf why` and `wf why --not`: what a person reads who wants to know why something ran, and why something did not. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

const BLOG = 'write a blog on BIM Automation in Autodesk';
const main = (runner: WfRunner, ...more: string[]) =>
  runner.json(['run', 'autonomous-e2e', '--input', BLOG, ...more]);
const screen = async (runner: WfRunner, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runner.wf(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout
    .replace(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, 'ID')
    .replace(/\b[0-9a-f]{64}\b/g, 'KEY')
    .replace(/\b[0-9a-f]{12}\b/g, 'HASH')
    .replace(/Asked for by \S+;/g, 'Asked for;')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME');
};

test('a handed-off run that was asked for twice', async () => {
  const runner = wfRunner();
  await main(runner);
  await main(runner);
  expect(await screen(runner, 'why', 'last')).toBe(`run ID: ◐ handed off
  #2      It ran because its key KEY was free: nobody had asked for it before.
  #3      Asked for; pinned to definition HASH of workflow autonomous-e2e.
  #8      Routed to content, because the task says "blog" and "write".
  #14     Made ready: publish_directory.
  #16     Step main became the task T-ID for whoever takes it.
  #17     Step main was handed over (it is queued): it is not known to be done.
  #20     Only the hand-over was checked, for the work itself is not known to be done.
  #25     Handed off, not completed: nobody has reported T-ID as done.
  #26     Asked for again and answered with this run: nothing was started.
  now     It waits for a report on T-ID; until then the same request is answered with it.
`);
});

test('each seq leads to the event it is read from', async () => {
  const runner = wfRunner();
  runner.define({ id: 'no', execute: sh('exit 3') });
  await runner.json(['run', 'no', '--input', 'x']);
  const { stdout } = await runner.wf(['why', 'last', '--json']);
  const { sentences } = JSON.parse(stdout) as { sentences: { seq: number; kind: string }[] };
  const types = sentences.map(({ seq }) => runner.log().find((event) => event.seq === seq)?.type);
  expect(types).toContain('EffectFailed');
  expect(types.at(-1)).toBe('RunFailed');
  expect(sentences.at(-1)?.kind).toBe('end');
});

test('why not: the last request was answered with the run there is', async () => {
  const runner = wfRunner();
  await main(runner);
  await main(runner);
  expect(await screen(runner, 'why', '--not', 'last')).toBe(
    `  #26     TIME  Nothing was started: run ID has this key and is handed off, so it was the answer.
now
  run ID: It waits for a report on T-ID; until then the same request is answered with it.
`,
  );
});

test('why not by key: refused, for the key has another input', async () => {
  const runner = wfRunner();
  await main(runner, '--idempotency-key', 'daily');
  const other = ['run', 'autonomous-e2e', '--input', 'something else', '--idempotency-key', 'daily'];
  expect((await runner.wf(other)).code).toBe(4);
  const shown = await screen(runner, 'why', '--not', 'daily');
  expect(shown).toContain(
    'A request was refused (other-input): the key daily belongs to run ID (handed_off), which has another input.',
  );
  const { stdout } = await runner.wf(['why', '--not', 'daily', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    total: 1,
    started: 1,
    items: [{ kind: 'refused', key: 'daily' }],
  });
});

test('why not by key: the gate is closed, so the run there is dispatches nothing', async () => {
  const runner = wfRunner();
  const asked = ['run', 'autonomous-e2e', '--input', 'delete the old server', '--idempotency-key', 'ops-1'];
  expect((await runner.wf(asked)).code).toBe(6);
  const shown = await screen(runner, 'why', '--not', 'ops-1');
  expect(shown).toContain('It did run: the request became run ID.');
  expect(shown).toContain('The gate is closed: nothing is dispatched until somebody says yes or no to A-ID.');
});

test('why not at a time: what was asked then; where nobody asked it says so', async () => {
  const runner = wfRunner();
  await main(runner);
  await main(runner);
  expect(await screen(runner, 'why', '--not', '2h')).toContain('Nothing was started: run ID');
  expect(await screen(runner, 'why', '--not', '2001-01-01')).toBe(
    'No request is recorded that started nothing between TIME and TIME (UTC); 0 runs started. What nobody asked for did not run.\n',
  );
});

test('asking changes nothing, and makes no home', async () => {
  const runner = wfRunner();
  expect((await runner.wf(['why', '--not', 'last'])).code).toBe(0);
  expect(existsSync(runner.home)).toBe(false);
  await main(runner);
  const before = runner.log().length;
  await screen(runner, 'why', 'last');
  expect(runner.log()).toHaveLength(before);
});
