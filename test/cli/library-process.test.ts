/** Programs that use the library, as processes of their own, beside the command line: killed, racing, left alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { expectHealthy, root, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const LIBRARY = pathToFileURL(join(root, 'dist/library/index.js')).href;

/** A program that prints lines of JSON; `home` of the runner's environment. */
const program = (runner: WfRunner, name: string, code: string): readonly string[] => {
  writeFileSync(
    runner.path(name),
    `import { openEngine } from '${LIBRARY}';\nconst tell = (value) => console.log(JSON.stringify(value));\n${code}`,
  );
  return [process.execPath, runner.path(name)];
};

test('killed in the middle of a run, which then goes on by the command line; what was done is not repeated', async () => {
  const runner = wfRunner();
  runner.define({
    id: 'two',
    execute: {
      steps: [
        { id: 'a', ...sh('echo a >> "$HOME/acts"') },
        { id: 'b', ...sh('echo begun >> "$HOME/acts"; sleep 0.2; echo b >> "$HOME/acts"'), idempotent: true },
      ],
    },
  });
  const { child, ended } = runner.startProgram(
    program(
      runner,
      'killed.mjs',
      `const engine = await openEngine(); await engine.run('two', { input: 'x' });`,
    ),
  );
  await until(() => runner.lines('acts').includes('begun'));
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
  await until(() => runner.lines('acts').includes('b'));
  const { run } = await runner.json(['run', 'two', '--input', 'x']);
  expect(run).toMatchObject({ status: 'completed' });
  expect(runner.lines('acts').filter((line) => line === 'a')).toEqual(['a']);
  await expectHealthy(runner);
});

test('the same request from programs and commands at once is one run', async () => {
  const runner = wfRunner();
  runner.define({ id: 'once', execute: sh('echo did >> "$HOME/acts"; sleep 0.2') });
  const code = `const engine = await openEngine();
    const { run } = await engine.run('once', { input: 'x' });
    tell(run.runId);
    await engine.close();`;
  const programs = ['a.mjs', 'b.mjs', 'c.mjs'].map((name) =>
    runner.startProgram(program(runner, name, code)),
  );
  const commands = [1, 2].map(() => runner.json(['run', 'once', '--input', 'x']));
  const ids = new Set([
    ...(await Promise.all(programs.map(({ ended }) => ended))).map(({ stdout, stderr }) => {
      expect(stderr).toBe('');
      return JSON.parse(stdout) as string;
    }),
    ...(await Promise.all(commands)).map(({ run }) => run.runId),
  ]);
  expect(ids.size).toBe(1);
  expect(runner.lines('acts')).toEqual(['did']);
  await expectHealthy(runner);
});

test('a high-risk question waits for the terminal, and who follows the log sees the answer from another process', async () => {
  const runner = wfRunner();
  runner.define({ id: 'ops', execute: sh('echo did >> "$HOME/acts"') });
  const code = `const engine = await openEngine();
    const { run } = await engine.run('ops', { input: 'restart the server' });
    const { approvalId, binding } = await engine.question(run.runId);
    await engine.approve(approvalId, { binding, by: 'kim' }).catch(({ code }) => tell({ code, approvalId }));
    for await (const event of engine.events({ runId: run.runId }))
      if (event.type === 'RunCancelled') { tell(event.data.reason); break; }
    await engine.close();`;
  const { ended, seen } = runner.startProgram(program(runner, 'asks.mjs', code));
  await until(() => seen().stdout.endsWith('\n'));
  const refused = JSON.parse(seen().stdout) as { code: string; approvalId: string };
  expect(refused.code).toBe('approval-needs-terminal');
  await runner.json(['reject', refused.approvalId, '--reason', 'not today']);
  const { stdout, stderr, code: exit } = await ended;
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toContain('not today');
  expect(runner.lines('acts')).toEqual([]);
});
