/** `wf definitions torture` as a person runs it: nothing of the definition is started, and the home stays as it was. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sh, wfRunner } from '../support/wf.ts';

/** Every file below a folder with its bytes. */
const contents = (dir: string): ReadonlyMap<string, string> =>
  new Map(
    (readdirSync(dir, { recursive: true }) as string[])
      .filter((name) => statSync(join(dir, name)).isFile())
      .map((name) => [name, readFileSync(join(dir, name), 'latin1')]),
  );

test('tells of each step what a crash does to it, starts nothing, and leaves the home as it was', async () => {
  const runner = wfRunner();
  const touched = runner.path('touched');
  runner.define({
    id: 'nightly',
    classify: { routes: [], highRiskWords: [] },
    autoConfigure: {
      enabled: true,
      allowlist: ['t'],
      toolCommands: { t: { command: '/bin/touch', args: [touched], required: true } },
    },
    execute: {
      steps: [
        { id: 'dump', dispatcher: 'command', ...sh(`touch '${touched}'`), idempotent: true },
        { id: 'publish', dispatcher: 'command', ...sh(`touch '${touched}'`) },
      ],
    },
  });
  const before = contents(runner.home);
  const { code, stdout, stderr } = await runner.wf(['definitions', 'torture', 'nightly']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('nothing was started, sent or written');
  expect(stdout).toMatch(/step dump {3}command, idempotent\n[\s\S]*performed again, with the same key/);
  expect(stdout).toMatch(
    /step publish {3}command\n[\s\S]*waits for you: wf resolve RUN --sent or --not-sent/,
  );
  expect(stdout).toMatch(/tool t +killed while it is set up: its command is run again/);
  expect(stdout).toContain(
    '● nothing is repeated or lost in silence. publish may wait for you after a crash; dump may be performed again with the same key.',
  );
  expect(existsSync(touched)).toBe(false);
  expect(contents(runner.home)).toEqual(before);
});

test('tries the request it is given, and shows no secret of it', async () => {
  const runner = wfRunner();
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const input = `restart the server with ${secret}`;
  const { code, stdout } = await runner.wf([
    ...['definitions', 'torture', 'autonomous-e2e', '--input', input, '--json'],
  ]);
  expect(code).toBe(0);
  expect(stdout).not.toContain(secret);
  const { messages, ok } = JSON.parse(stdout);
  expect(ok).toBe(true);
  expect(messages).toMatchObject([{ route: 'ops', risk: 'high' }]);
  expect(existsSync(join(runner.home, 'logs'))).toBe(false);
});
