/** The seed's command lines at their old place: installed without losing what stood there. */
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, type WfRunner, wfRunner } from '../support/wf.ts';

const ENGINE = 'workflow_engine.mjs';
const FEEDBACK = 'workflow_feedback_loop.mjs';
const OPS = 'workflow_ops/dispatch_task.sh';

const place = (runner: WfRunner, name = ''): string => runner.path(join('openclaw/scripts', name));
const install = async (runner: WfRunner) => {
  const env = { OPENCLAW_ROOT: runner.path('openclaw') };
  const { code, stdout } = await runner.wf(['install-scripts', '--json'], { env });
  expect(code).toBe(0);
  return JSON.parse(stdout) as { dir: string; scripts: { name: string; action: string; backup?: string }[] };
};
const actions = async (runner: WfRunner) => {
  const { scripts } = await install(runner);
  return Object.fromEntries(scripts.map(({ name, action }) => [name, action]));
};
const node = (runner: WfRunner, args: readonly string[], env: object = {}) =>
  runner.startProgram([process.execPath, ...args], { env: { WF_HOME: undefined, ...env } }).ended;

describe('installed scripts', () => {
  test('take the seed’s arguments and keep their home beside their folder, whatever the environment lacks', async () => {
    const runner = wfRunner();
    expect(await install(runner)).toMatchObject({
      schema: 'wf.scripts/1',
      dir: place(runner).replace(/\/$/, ''),
    });
    const end = await node(runner, [
      place(runner, ENGINE),
      'run',
      'autonomous-e2e',
      '--input',
      'write a blog',
    ]);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    const { runId, output } = JSON.parse(end.stdout);
    expect(output.summaryFile).toBe(runner.path(`openclaw/workflows/outbox/${runId}.md`));
    const words = [
      'submit',
      '--workflow-id',
      'autonomous-e2e',
      '--run-id',
      runId,
      '--score',
      '4',
      '--feedback',
      'ok',
    ];
    const said = await node(runner, [place(runner, FEEDBACK), ...words]);
    expect(JSON.parse(said.stdout)).toMatchObject({ ok: true, entry: { runId, score: 4, feedback: 'ok' } });
    for (const name of [ENGINE, FEEDBACK, OPS])
      expect(statSync(place(runner, name)).mode & 0o777).toBe(0o755);
  });

  test('a second time change nothing', async () => {
    const runner = wfRunner();
    expect(await actions(runner)).toEqual({
      [ENGINE]: 'installed',
      [FEEDBACK]: 'installed',
      [OPS]: 'installed',
    });
    chmodSync(place(runner, ENGINE), 0o600);
    expect(await actions(runner)).toEqual({
      [ENGINE]: 'unchanged',
      [FEEDBACK]: 'unchanged',
      [OPS]: 'unchanged',
    });
    expect(statSync(place(runner, ENGINE)).mode & 0o777).toBe(0o755);
    expect(readdirSync(place(runner)).sort()).toEqual([ENGINE, FEEDBACK, 'workflow_ops']);
  });

  test('keep what stood there under a name of its own, each time, links as links; a dispatch script stays', async () => {
    const runner = wfRunner();
    mkdirSync(place(runner, 'workflow_ops'), { recursive: true });
    writeFileSync(place(runner, ENGINE), 'the old engine\n', { mode: 0o700 });
    writeFileSync(runner.path('elsewhere.mjs'), 'my own\n');
    symlinkSync(runner.path('elsewhere.mjs'), place(runner, FEEDBACK));
    writeFileSync(place(runner, OPS), 'mine\n');
    const { scripts } = await install(runner);
    expect(scripts.map(({ action }) => action)).toEqual(['replaced', 'replaced', 'kept']);
    expect(readFileSync(scripts[0]?.backup ?? '', 'utf8')).toBe('the old engine\n');
    expect(lstatSync(scripts[1]?.backup ?? '').isSymbolicLink()).toBe(true);
    expect(readFileSync(runner.path('elsewhere.mjs'), 'utf8')).toBe('my own\n');
    expect(readFileSync(place(runner, OPS), 'utf8')).toBe('mine\n');
    writeFileSync(place(runner, ENGINE), 'another one\n');
    const again = await install(runner);
    expect(again.scripts[0]?.backup).not.toBe(scripts[0]?.backup);
    expect(readFileSync(scripts[0]?.backup ?? '', 'utf8')).toBe('the old engine\n');
  });

  test('say in one line when the package is gone', async () => {
    const runner = wfRunner();
    const copy = runner.path('package');
    for (const name of ['dist', 'definitions', 'scripts', 'package.json']) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    const env = { OPENCLAW_ROOT: runner.path('openclaw') };
    await runner.startProgram([process.execPath, join(copy, 'dist/wf.cjs'), 'install-scripts'], { env })
      .ended;
    expect(
      await node(runner, [place(runner, ENGINE), 'run', 'autonomous-e2e', '--input', 'x']),
    ).toMatchObject({ code: 0 });
    rmSync(copy, { recursive: true });
    const gone = await node(runner, [place(runner, ENGINE), 'run', 'autonomous-e2e', '--input', 'x']);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toMatch(/^\S+\/workflow_engine\.mjs is gone: .*install-scripts.*\n$/);
    const ops = await runner.startProgram([place(runner, OPS), 'content', 'x']).ended;
    expect(ops).toMatchObject({ code: 78, stdout: '' });
    expect(ops.stderr).toMatch(/^\S+\/dispatch_task\.sh is gone: .*\n$/);
  });

  test('are refused with the place’s name where they cannot be written', async () => {
    const runner = wfRunner();
    writeFileSync(runner.path('openclaw'), 'a file where the folder should be');
    const env = { OPENCLAW_ROOT: runner.path('openclaw') };
    expect(await runner.json(['install-scripts'], { env })).toMatchObject({
      code: 74,
      error: {
        code: 'scripts-not-written',
        where: place(runner, ENGINE),
        hint: expect.stringContaining('OPENCLAW_ROOT'),
      },
    });
  });

  test('are told about in words, too', async () => {
    const runner = wfRunner();
    const env = { OPENCLAW_ROOT: runner.path('openclaw') };
    const { stdout } = await runner.wf(['install-scripts'], { env });
    expect(stdout).toContain('installed  ~/openclaw/scripts/workflow_engine.mjs');
  });
});
