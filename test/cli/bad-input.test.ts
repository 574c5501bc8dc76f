/** Bad input gets a clear error that says where and what next, and loses nothing. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectHealthy, sh, treeOf, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const writeDefinition = (runner: WfRunner, id: string, text: string): string => {
  mkdirSync(join(runner.home, 'definitions'), { recursive: true, mode: 0o700 });
  const file = join(runner.home, `definitions/${id}.json`);
  writeFileSync(file, text);
  return file;
};
const run = (runner: WfRunner, id: string, ...more: string[]) =>
  runner.json(['run', id, '--input', 'x', ...more]);

describe('a workflow that cannot be run', () => {
  test('unknown: the known ones are named, nearest first', async () => {
    const runner = wfRunner();
    runner.define({ id: 'backup', execute: sh('true') });
    const refused = await run(runner, 'bakcup');
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.error.message).toMatch(/bakcup.*backup, autonomous-e2e/);
  });

  test('with broken JSON: file, line and column', async () => {
    const runner = wfRunner();
    const file = writeDefinition(
      runner,
      'broken',
      '{\n  "id": "broken",\n  "execute": {"command" "/bin/true"}\n}',
    );
    const refused = await run(runner, 'broken');
    expect(refused.code).toBe(2);
    expect(`${refused.error.message} ${refused.error.where}`).toContain(file);
    expect(`${refused.error.message} ${refused.error.where}`).toMatch(/\b3:\d+|line 3/);
  });

  test.each([
    ['a value that does not fit', { execute: { command: '/bin/true', timeout: 5 } }, /execute.*timeout/],
    ['a duration without a unit', { execute: { command: '/bin/true', timeout: '5' } }, /timeout/],
    ['a misspelt key where a schema is named', { $schema: 's', exekute: {} }, /exekute.*execute/s],
    ['a key that is not carried out yet', { deliver: { approval: [] } }, /not carried out yet/],
    ['an unknown name in a template', { execute: { command: '/bin/echo', args: ['{{taks}}'] } }, /taks/],
    [
      'the task in a shell script',
      { execute: { command: '/bin/sh', args: ['-c', 'echo {{task}}'] } },
      /task/,
    ],
    ['the task as the program', { execute: { command: '{{task}}' } }, /task/],
    ['the task where an option could stand', { execute: { command: '/bin/ls', args: ['{{task}}'] } }, /--/],
    ['a step id with a path in it', { execute: { steps: [{ id: '../x', command: '/bin/true' }] } }, /id/],
    ['a tool whose name is a path', { autoConfigure: { allowlist: ['../x'] } }, /allowlist/],
    [
      'a summary outside of every allowed folder',
      { deliver: { summaryFile: '/etc/{{runId}}.md' } },
      /summaryFile/,
    ],
    ['a summary that runs would overwrite', { deliver: { summaryFile: '{{home}}/outbox/x.md' } }, /runId/],
  ])('with %s: the path in the file and what is expected', async (_what, more, says) => {
    const runner = wfRunner();
    runner.define({ id: 'bad', ...more });
    const refused = await run(runner, 'bad');
    expect(refused.code).toBe(2);
    expect(`${refused.error.message} ${refused.error.where} ${refused.error.hint}`).toMatch(says);
    expect(refused.error.hint).toBeTruthy();
    expect(runner.types()).toEqual([]);
  });

  test.each([['../x'], ['a/b'], ['.hidden'], ['__proto__'], ['-x'], ['a'.repeat(129)], ['x\ny'], ['']])(
    'named %j: no such id can exist, and no path is followed',
    async (id) => {
      const runner = wfRunner();
      const refused = await runner.json(['run', '--input', 'x', '--', id]);
      expect(refused.code).toBe(2);
    },
  );

  test.each([['constructor'], ['toString'], ['hasOwnProperty']])(
    'named %s: not found like any other',
    async (id) => {
      const refused = await run(wfRunner(), id);
      expect(refused.code).toBe(3);
    },
  );
});

describe('names that JavaScript knows', () => {
  test('are ordinary as workflow, tool, route, field, step and key', async () => {
    const runner = wfRunner();
    const text = `{
      "id": "constructor",
      "classify": { "routes": [{ "name": "constructor", "match": ["build"], "risk": "low" }] },
      "plan": { "constructor": ["planned"] },
      "autoConfigure": { "allowlist": ["constructor", "toString"],
        "toolCommands": { "constructor": { "command": "/bin/sh", "args": ["-c", "echo tool >> $HOME/tool"] } } },
      "execute": { "steps": [{ "id": "constructor", "command": "/bin/echo",
        "args": ["--", "{{input.__proto__}}", "{{input.constructor}}", "{{input.hasOwnProperty}}"] }] }
    }`;
    writeDefinition(runner, 'constructor', text);
    const input = '{"task":"build it","__proto__":"p","constructor":"c","hasOwnProperty":"h"}';
    const done = await runner.json([
      'run',
      'constructor',
      '--input',
      input,
      '--idempotency-key',
      '__proto__',
    ]);
    expect(done).toMatchObject({
      code: 0,
      run: { status: 'completed', route: 'constructor', idempotencyKey: '__proto__' },
    });
    const summary = readFileSync(done.run.summaryFile ?? '', 'utf8');
    expect(summary).toContain('-- p c h');
    expect(runner.lines('tool')).toEqual(['tool']);
    const again = await runner.json([
      'run',
      'constructor',
      '--input',
      input,
      '--idempotency-key',
      '__proto__',
    ]);
    expect(again).toMatchObject({ answer: 'reused' });
    const other = await runner.json([
      'run',
      'constructor',
      '--input',
      input,
      '--idempotency-key',
      'constructor',
    ]);
    expect(other).toMatchObject({ code: 0, answer: 'ended' });
    const index = readFileSync(join(runner.home, 'state/index.json'), 'utf8');
    expect(index).toContain(`"__proto__":${index.includes('": "') ? ' ' : ''}"`);
    // A field that the input does not have is not found on any prototype either.
    const missing = await runner.json(['run', 'constructor', '--input', '{"task":"build it"}']);
    expect(missing).toMatchObject({ code: 2, error: { code: 'input-field-missing' } });
    expect(missing.error.message).toContain('__proto__');
  });
});

describe('a task', () => {
  test.each([
    ['empty', ['--input', '   '], undefined, /empty/],
    ['missing', [], undefined, /--input/],
    ['given twice', ['--input', 'a', '--input-file', 'b'], undefined, /--input-file/],
    ['above 256 KiB', ['--input', '-'], 'a'.repeat(256 * 1024 + 1), /limit/],
    ['far above it', ['--input', '-'], 'a'.repeat(3 * 1024 * 1024), /longer|limit/],
    ['with a NUL', ['--input', '-'], 'a\0b', /NUL/],
    ['that is not UTF-8', ['--input', '-'], Buffer.from([0x61, 0xff, 0x62]), /UTF-8/],
    ['cut inside a character', ['--input-file', '-'], Buffer.from([0x61, 0xe2, 0x82]), /UTF-8/],
    ['from a file that is not there', ['--input-file', 'no/such/file'], undefined, /no\/such\/file/],
    ['from a folder', ['--input-file', '.'], undefined, /\./],
    ['from a device without an end', ['--input-file', '/dev/zero'], undefined, /longer than/],
    ['without a text in its field', ['--input', '{"task": 5}'], undefined, /"task"/],
    [
      'the same by a secret',
      ['--input', 'x', '--idempotency-key', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
      undefined,
      /looks like a secret/,
    ],
  ])('that is %s is refused, and nothing is recorded', async (_what, args, input, says) => {
    const runner = wfRunner();
    const refused = await runner.json(
      ['run', 'autonomous-e2e', ...args],
      input === undefined ? {} : { input },
    );
    expect(refused.code).toBe(2);
    expect(`${refused.error.message} ${refused.error.hint}`).toMatch(says);
    expect(runner.types()).toEqual([]);
  });

  test('in bytes that are no UTF-8 on the command line is refused, not changed', async () => {
    const runner = wfRunner();
    const script = `exec "$0" "$1" run autonomous-e2e --input "$(printf 'caf\\351')" --json`;
    const { code, stdout } = await runner.startProgram(['/bin/sh', '-c', script, process.execPath, WF]).ended;
    expect(code).toBe(2);
    expect(stdout).toContain('UTF-8');
  });

  test('that begins with dashes is a task, in every way it can be given', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo "$WF_TASK" >> "$HOME/count"') });
    expect(await runner.json(['run', 'count', '--input', '--force is broken'])).toMatchObject({ code: 0 });
    expect(await runner.json(['run', 'count', '--input=--dry-run'])).toMatchObject({ code: 0 });
    expect(await runner.json(['run', 'count', '--input', '--'])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toEqual(['--force is broken', '--dry-run', '--']);
  });

  test('with shell characters, quotes and newlines reaches the command as it is', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'say',
      execute: { command: '/bin/sh', args: ['-c', 'printf %s "$1" > "$HOME/said"', 'say', '{{task}}'] },
    });
    const task = `$(touch "$HOME/pwned") \`id\` 'q' "d" \\ ; rm -rf x\n{{runId}} $& 日本`;
    expect(await runner.json(['run', 'say', '--input', task])).toMatchObject({ code: 0 });
    expect(readFileSync(runner.path('said'), 'utf8')).toBe(task);
    expect(existsSync(runner.path('pwned'))).toBe(false);
  });
});

describe('other words of the command line', () => {
  test.each([
    [['run']],
    [['run', 'autonomous-e2e', '--input']],
    [['run', 'autonomous-e2e', 'extra', '--input', 'x']],
    [['run', 'autonomous-e2e', '--input', 'x', '--nope']],
    [['run', 'autonomous-e2e', '--input', 'x', '--force=yes']],
    [['runn', 'autonomous-e2e']],
    [['report', 'last', '--status', 'fine']],
    [['run', 'autonomous-e2e', '--input', 'x', '--idempotency-key', '']],
    [['run', 'autonomous-e2e', '--input', 'x', '--idempotency-key', 'a\nb']],
    [['run', 'autonomous-e2e', '--input', 'x', '--route', '__proto__']],
    [['run', 'autonomous-e2e', '--input', 'x', '--resume', '../../etc/passwd']],
  ])('%j is exit 2 with one JSON error that says what to do', async (args) => {
    const refused = await wfRunner().json(args);
    expect(refused.code).toBe(2);
    expect(refused.error.hint).toBeTruthy();
  });
});

describe('a command', () => {
  test('that is not there is a clear failure, certainly not performed, and not retried', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'gone',
      execute: { command: '/no/such/program', retry: { maxAttempts: 3, backoff: '10ms' } },
    });
    const failed = await run(runner, 'gone');
    expect(failed).toMatchObject({
      code: 5,
      run: { error: { code: 'command-not-found', stage: 'execute' } },
    });
    expect(failed.run.error?.message).toContain('/no/such/program is not there');
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(1);
    expect(readFileSync(failed.run.summaryFile ?? '', 'utf8')).toContain('/no/such/program');
  });

  test('that is not executable says so', async () => {
    const runner = wfRunner();
    writeFileSync(runner.path('tool.sh'), '#!/bin/sh\n', { mode: 0o600 });
    runner.define({ id: 'plain', execute: { command: runner.path('tool.sh') } });
    const failed = await run(runner, 'plain');
    expect(failed).toMatchObject({ code: 5, run: { error: { code: 'command-not-executable' } } });
    chmodSync(runner.path('tool.sh'), 0o700);
    expect(await runner.json(['resume', 'last'])).toMatchObject({ code: 0 });
  });

  test('that prints 50 MB is done, and the log stays small', async () => {
    const runner = wfRunner();
    runner.define({ id: 'loud', execute: sh('head -c 52428800 /dev/zero | tr "\\0" x; echo; echo the end') });
    const done = await run(runner, 'loud');
    expect(done).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(statSync(join(runner.home, 'logs/events.jsonl')).size).toBeLessThan(512 * 1024);
    const summary = readFileSync(done.run.summaryFile ?? '', 'utf8');
    expect(summary).toContain('the end');
    expect(summary).toContain('left out');
  });

  test('that prints bytes that are no UTF-8, and escape sequences, harms neither log nor terminal', async () => {
    const runner = wfRunner();
    runner.define({ id: 'odd', execute: sh(`printf '\\377\\376ok\\033[2J\\000end'`) });
    const done = await runner.wf(['run', 'odd', '--input', 'x']);
    expect(done.code).toBe(0);
    expect(done.stdout).not.toContain('\u001b');
    expect(done.stdout).toContain('ok');
    expect(runner.types()).toContain('RunCompleted');
  });
});

test('a task may come from a pipe with a name, as `<(…)` makes one', async () => {
  const runner = wfRunner();
  const line = 'exec "$0" "$1" run autonomous-e2e --json --input-file <(printf "write a blog")';
  const { code, stdout } = await runner.startProgram(['bash', '-c', line, process.execPath, WF]).ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ run: { task: 'write a blog' } });
});

test('a task longer than allowed is refused from a pipe too', async () => {
  const runner = wfRunner();
  const line = 'exec "$0" "$1" run autonomous-e2e --json --input-file <(yes)';
  const { code, stdout } = await runner.startProgram(['bash', '-c', line, process.execPath, WF]).ended;
  expect(code).toBe(2);
  expect(JSON.parse(stdout).error.code).toBe('input-too-large');
});

test.each([
  ['', 'the file is empty'],
  ['{"openclaw": {} "redact": {}}', 'a "," is expected'],
  ['{"openclaw": {}', 'a "}" is expected'],
  ["{'openclaw': {}}", 'in double quotes'],
])('config.json that is %j is refused in words', async (text, says) => {
  const runner = wfRunner();
  mkdirSync(runner.home, { mode: 0o700 });
  writeFileSync(join(runner.home, 'config.json'), text);
  const refused = await run(runner, 'autonomous-e2e');
  expect(refused).toMatchObject({ code: 2, error: { code: 'config-syntax' } });
  expect(refused.error.message).toContain(says);
  expect(refused.error.message).not.toMatch(/[a-z][A-Z]/);
});

describe('a home that cannot be written', () => {
  test('because a file is in its place: exit 74 or 2, naming it', async () => {
    const runner = wfRunner();
    writeFileSync(runner.home, 'mine');
    const refused = await run(runner, 'autonomous-e2e');
    expect([2, 74]).toContain(refused.code);
    expect(`${refused.error.message} ${refused.error.where}`).toContain(runner.home);
    expect(readFileSync(runner.home, 'utf8')).toBe('mine');
  });

  test('because it is read-only: exit 74, and nothing is changed', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('true') });
    expect(await run(runner, 'count')).toMatchObject({ code: 0 });
    const before = treeOf(runner.home);
    // Root may write everywhere, so the command runs as somebody else where the tests run as root.
    const asOther = `
      for (const dir of ['', '/logs', '/state', '/definitions', '/outbox', '/tasks', '/run', '/artifacts'])
        try { require('fs').chmodSync(process.env.WF_HOME + dir, 0o555) } catch {}
      for (const file of ['/logs/events.jsonl', '/logs/.lock', '/state/index.db', '/state/index.json'])
        try { require('fs').chmodSync(process.env.WF_HOME + file, 0o444) } catch {}
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534) }
      process.argv.splice(1, 1);
      require(process.argv[1]);`;
    chmodSync(runner.dir, 0o755);
    const args = ['run', 'count', '--input', 'other', '--json'];
    const { code, stdout, stderr } = await runner.startProgram(
      [process.execPath, '-e', asOther, '--', 'x', WF, ...args],
      { env: { XDG_CACHE_HOME: undefined } },
    ).ended;
    expect(code, stderr).toBe(74);
    const { error } = JSON.parse(stdout);
    expect(`${error.message} ${error.where}`).toContain(runner.home);
    expect(error.hint).toBeTruthy();
    expect(treeOf(runner.home)).toEqual(before);
  });

  test('because the disk is full: exit 74, the log stays whole, and it goes on once there is room', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo "$WF_TASK" >> "$HOME/count"') });
    expect(await run(runner, 'count')).toMatchObject({ code: 0 });
    const big = 'y'.repeat(20_000);
    const limited = `trap '' XFSZ; ulimit -f 40; exec "$@"`;
    const argv = [
      '/bin/bash',
      '-c',
      limited,
      'bash',
      process.execPath,
      WF,
      'run',
      'count',
      '--input',
      '-',
      '--json',
    ];
    let full: { code: number | null; stdout: string } = { code: 0, stdout: '' };
    for (let i = 0; i < 10 && full.code === 0; i++)
      full = await runner.startProgram(argv, { input: `${big} ${i}`, env: { XDG_CACHE_HOME: undefined } })
        .ended;
    expect(full.code).toBe(74);
    expect(JSON.parse(full.stdout).error.hint).toBeTruthy();
    const after = await runner.json(['run', 'count', '--input', 'after']);
    expect(after).toMatchObject({ code: 0, run: { status: 'completed' } });
    await expectHealthy(runner);
    // What was recorded before is still there, and still done once.
    expect(await run(runner, 'count')).toMatchObject({ answer: 'reused' });
  });
});
