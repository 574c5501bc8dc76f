/** What anybody mistypes in the first hour: the answer says what is wrong, where, and a command that works instead. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const refused = async (runner: WfRunner, ...args: string[]) => {
  const { code, stderr } = await runner.wf(args);
  return { code, stderr };
};

describe('a word that is missing', () => {
  test.each([
    [['run'], 'wf run: WORKFLOW is missing', 'wf run autonomous-e2e --input "…"'],
    [['show'], 'wf show: RUN is missing', 'wf show last'],
    [['resume'], 'wf resume: RUN is missing', 'wf resume last'],
    [['resolve', '--sent'], 'wf resolve: RUN is missing', 'wf resolve last'],
    [['approve'], 'wf approve: APPROVAL is missing', 'wf inbox'],
    [['reject'], 'wf reject: APPROVAL is missing', 'wf inbox'],
    [['log', 'backup'], 'wf log backup: DIR is missing', 'wf log backup --help'],
  ])('%j names it, and a whole command line', async (args, what, next) => {
    const { code, stderr } = await refused(wfRunner(), ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(`wf: ${what}\n`);
    expect(stderr).toMatch(new RegExp(` {2}next .*${next.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  });

  test('a task beside its option is told where it belongs', async () => {
    const { code, stderr } = await refused(wfRunner(), 'run', 'autonomous-e2e', 'write a blog');
    expect(code).toBe(2);
    expect(stderr).toMatch(/ {2}next .*wf run autonomous-e2e --input 'write a blog'/);
  });
});

test('a run that is not in this home: the home that was looked into is named', async () => {
  const runner = wfRunner();
  for (const args of [
    ['show', '01ABCDEF'],
    ['why', '01ABCDEF'],
  ])
    expect((await refused(runner, ...args)).stderr).toContain(`  at    ${runner.home}\n`);
  runner.define({ id: 'w', execute: sh('true') });
  await runner.wf(['run', 'w', '--input', 'x']);
  for (const args of [
    ['show', '01ABCDEF'],
    ['resume', '01ABCDEF'],
    ['report', 'T-01ABCDEF', '--text', 'x'],
  ]) {
    const { code, stderr } = await refused(runner, ...args);
    expect(code).toBe(3);
    expect(stderr).toContain(`  at    ${runner.home}\n`);
  }
});

test('a report with the nonce of another attempt: what a nonce is for, and how a person reports without one', async () => {
  const runner = wfRunner();
  runner.define({ id: 'w', execute: { dispatcher: 'manual' } });
  await runner.wf(['run', 'w', '--input', 'x']);
  const { code, stderr } = await refused(runner, 'report', 'last', '--text', 'x', '--nonce', 'abc');
  expect(code).toBe(4);
  expect(stderr).toMatch(/nonce .* attempt 1 of step main/);
  const [id = ''] = /01[0-9A-Z]{24}(?= )/.exec(/next.*/.exec(stderr)?.[0] ?? '') ?? [];
  expect(stderr).toContain(`leave --nonce out: wf report ${id} `);
  expect((await runner.wf(['report', id, '--text', 'x'])).code).toBe(0);
});

describe('a definition', () => {
  test('without a schema, with a key mistyped: the note names the key that was meant', async () => {
    const runner = wfRunner();
    runner.define({ id: 'w', execute: { ...sh('true'), timeot: '5m' } });
    const { stderr } = await refused(runner, 'run', 'w', '--input', 'x');
    expect(stderr).toContain('unknown key "timeot" is ignored. Did you mean "timeout"?');
  });

  test('with a whole command line for a program: where its arguments go', async () => {
    const runner = wfRunner();
    runner.define({ id: 'w', execute: { command: 'echo hi' } });
    const { stdout } = await runner.wf(['run', 'w', '--input', 'x']);
    expect(stdout).toContain(
      '"echo hi" is taken for the name of one program; its arguments go into "args": ["hi"]',
    );
  });

  test('with a schedule and no timezone: what one looks like', async () => {
    const runner = wfRunner();
    runner.define({ id: 'w', execute: sh('true'), schedules: [{ id: 'n', cron: '0 2 * * *', input: 'x' }] });
    const { code, stderr } = await refused(runner, 'run', 'w', '--input', 'x');
    expect(code).toBe(2);
    expect(stderr).toMatch(/schedules\[0\]\.timezone .*it is missing.*"Europe\/Berlin"/);
  });

  test('that a server cannot read: the command that shows all of it', async () => {
    const runner = wfRunner();
    mkdirSync(join(runner.home, 'definitions'), { recursive: true, mode: 0o700 });
    writeFileSync(join(runner.home, 'definitions/w.json'), '{bad');
    const { stdout, stderr } = await runner.wf(['serve', '--once', '--home', runner.home]);
    expect(stdout + stderr).toContain(`See: wf --home ${runner.home} definitions validate w\n`);
  });
});

describe('config.json', () => {
  test.each([
    [{ agents: { a: { comand: '/x' } } }, 'unknown key agents.a.comand; did you mean command?'],
    [{ agents: { a: {} } }, 'agents.a.command is missing: expected a text'],
    [{ messages: { m: { via: 'openclaw' } } }, 'messages.m.channel is missing: expected a text'],
  ])('%j', async (config, says) => {
    const runner = wfRunner();
    mkdirSync(runner.home, { mode: 0o700 });
    writeFileSync(join(runner.home, 'config.json'), JSON.stringify(config), { mode: 0o600 });
    const { code, stderr } = await refused(runner, 'run', 'autonomous-e2e', '--input', 'x');
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });
});

test('a home that may not be read: doctor says whose it has to be', async () => {
  const runner = wfRunner();
  mkdirSync(runner.home, { mode: 0o700 });
  chmodSync(runner.dir, 0o755);
  // Root may read everywhere, so the command runs as somebody else where the tests run as root.
  const asOther = `
    require('fs').chmodSync(process.env.WF_HOME, 0);
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534) }
    process.argv.splice(1, 1);
    require(process.argv[1]);`;
  const argv = [process.execPath, '-e', asOther, '--', 'x', WF, 'doctor'];
  const { code, stdout } = await runner.startProgram(argv, { env: { XDG_CACHE_HOME: undefined } }).ended;
  chmodSync(runner.home, 0o700);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ home +you may not look into /);
  expect(stdout).toMatch(/next +Make it yours: chown /);
});
