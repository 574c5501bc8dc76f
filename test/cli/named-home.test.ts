/** A home that a command line names: what the screens say next leads back into it, and looking changes nothing. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, treeOf, WF, type WfRunner, wfRunner } from '../support/wf.ts';

/** Every place where a screen names a verb of ours as a command; a message it shows is not its own words. */
const commandsIn = (screen: string): readonly string[] =>
  screen
    .replaceAll(/^ +│.*$/gm, '')
    .match(
      /\bwf (--home \S+ |--home '[^']*' )?(run|resume|show|report|approve|reject|resolve|cancel|runs|inbox|events|replay|feedback|definitions|tools|doctor|rebuild-projections)\b.*/g,
    ) ?? [];

describe('with --home, every next command', () => {
  const elsewhere = (runner: WfRunner): string => {
    const home = runner.path('my flows');
    mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
    const define = (id: string, execute: object): void =>
      writeFileSync(join(home, `definitions/${id}.json`), JSON.stringify({ id, execute }));
    define('bad', sh('exit 1'));
    define('good', sh('true'));
    define('slow', { ...sh('sleep 20'), timeout: '200ms', retry: { maxAttempts: 1 } });
    return home;
  };

  test('names it: at the end of a run, in lists, in errors', async () => {
    const runner = wfRunner();
    const home = elsewhere(runner);
    const wf = (...args: string[]) => runner.wf(['--home', home, ...args]);
    const screens: readonly (readonly [number, readonly string[]])[] = [
      [0, []],
      [3, ['show', 'last']],
      [0, ['run', 'autonomous-e2e', '--input', 'write a blog']],
      [0, ['run', 'autonomous-e2e', '--input', 'write a blog']],
      [6, ['resume', 'last']],
      [6, ['run', 'autonomous-e2e', '--input', 'restart the server']],
      [5, ['run', 'bad', '--input', 'x']],
      [0, ['run', 'good', '--input', 'x']],
      [4, ['resume', 'last']],
      [6, ['run', 'slow', '--input', 'x']],
      [0, []],
      [0, ['show', 'last']],
      [0, ['inbox']],
      [0, ['runs', '--status', 'cancelled']],
      [0, ['replay', 'last']],
      [0, ['feedback', 'list']],
      [0, ['feedback', 'submit', '--run-id', 'last', '--score', '2', '--feedback', 'too long']],
      [0, ['feedback', 'improve', '--workflow-id', 'slow']],
      [0, ['definitions', 'list']],
      [3, ['run', 'nope', '--input', 'x']],
      [3, ['show', '01AAAAAAAAAA']],
      [0, ['reject', 'last']],
    ];
    for (const [code, args] of screens) {
      const ended = await wf(...args);
      expect(ended.code, `${args.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(code);
      const commands = commandsIn(ended.stdout + ended.stderr);
      expect(commands.length, args.join(' ')).toBeGreaterThan(0);
      for (const command of commands) expect(command).toContain(`wf --home '${home}' `);
    }
    // What is pasted into a shell works there.
    const { stdout } = await wf('inbox');
    const yes = /it happened:\s+wf (.*)/.exec(stdout)?.[1] ?? '';
    const pasted = await runner.startProgram(['sh', '-c', `"$0" "$1" ${yes}`, process.execPath, WF]).ended;
    expect(pasted.code, pasted.stderr).toBe(0);
  });

  test('names it in JSON: commands of the inbox, hints, what doctor says', async () => {
    const runner = wfRunner();
    const home = elsewhere(runner);
    const json = async (...args: string[]) =>
      JSON.parse((await runner.wf(['--home', home, '--json', ...args])).stdout);
    await json('run', 'autonomous-e2e', '--input', 'restart the server');
    const inbox = await json('inbox');
    expect(inbox.items[0].commands[0].command).toContain(`wf --home '${home}' approve`);
    expect((await json('show', '01AAAAAAAAAA')).error.hint).toBe(`Look: wf --home '${home}' runs`);
    chmodSync(home, 0o755);
    const { findings } = await json('doctor');
    const fixes = findings.flatMap(({ fix }: { fix?: string }) => fix ?? []);
    expect(fixes).toContainEqual(expect.stringContaining(`wf --home '${home}' doctor --fix`));
  });

  test('leaves a task as it was written, whatever commands it speaks of', async () => {
    const runner = wfRunner();
    const home = elsewhere(runner);
    const task = 'explain wf show last and wf run x, then restart the server';
    const shown = await runner.wf(['--home', home, 'run', 'autonomous-e2e', '--input', task]);
    expect(shown.stdout).toContain(task);
    const inbox = await runner.wf(['--home', home, 'inbox']);
    expect(inbox.stdout).toContain(task);
  });

  test('does not where the home is the usual one', async () => {
    const runner = wfRunner();
    const { stdout } = await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog']);
    expect(stdout).toContain('wf show last');
    expect(stdout).not.toContain('--home');
  });
});

const LOOKING: readonly (readonly string[])[] = [
  [],
  ['runs'],
  ['inbox'],
  ['events'],
  ['tools', 'list'],
  ['feedback', 'list'],
  ['definitions', 'list'],
  ['log', 'verify'],
  ['rebuild-projections', '--check'],
  ['rebuild-projections'],
  ['doctor'],
];

describe('looking', () => {
  test('into an empty folder creates nothing in it, and says that there is nothing yet', async () => {
    const runner = wfRunner();
    mkdirSync(runner.home, { mode: 0o700 });
    for (const args of LOOKING) {
      const { code, stderr } = await runner.wf(args);
      expect({ args, code, stderr }).toMatchObject({ code: 0 });
      expect(readdirSync(runner.home), args.join(' ')).toEqual([]);
    }
    expect((await runner.wf([])).stdout).toContain('Nothing has run here yet');
    expect((await runner.wf(['runs'])).stdout).toContain('Nothing has run here yet');
    expect(await runner.json(['show', 'last'])).toMatchObject({ code: 3, error: { code: 'run-unknown' } });
    expect(await runner.json(['replay', 'last'])).toMatchObject({ code: 3 });
    expect(readdirSync(runner.home)).toEqual([]);
  });

  test('into a home that may not be written is answered from its log, and changes nothing', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo done') });
    const { run } = await runner.json(['run', 'count', '--input', 'first']);
    const waits = await runner.json(['run', 'autonomous-e2e', '--input', 'restart the server']);
    // Not even an index to read: all there is to know is in the log.
    rmSync(join(runner.home, 'state'), { recursive: true });
    mkdirSync(join(runner.home, 'state'), { mode: 0o755 });
    const before = treeOf(runner.home);
    const look = (...args: string[]) => asReader(runner, [...args, '--json']);
    expect(await look()).toMatchObject({ code: 0, value: { counts: { completed: 1, waiting: 1 } } });
    const { value } = await look('runs');
    expect(value.items.map((item: { runId: string }) => item.runId)).toEqual([waits.run.runId, run.runId]);
    expect(await look('show', 'last')).toMatchObject({ code: 0, value: { run: { status: 'waiting' } } });
    expect(await look('show', run.runId.slice(0, 14))).toMatchObject({
      value: { run: { status: 'completed' } },
    });
    expect(await look('inbox')).toMatchObject({ value: { items: [{ kind: 'approval' }] } });
    expect(await look('replay', run.runId)).toMatchObject({ code: 0 });
    expect(await look('log', 'verify')).toMatchObject({ code: 0, value: { ok: true } });
    expect(await look('cancel', run.runId)).toMatchObject({
      code: 74,
      value: { error: { code: 'home-unusable', hint: expect.any(String) } },
    });
    expect(treeOf(runner.home)).toEqual(before);
  });
});

/** Runs `wf` as somebody who may read the home and not write it; root may write everywhere. */
async function asReader(runner: WfRunner, args: readonly string[]) {
  const asOther = `
    const fs = require('node:fs');
    const open = (place) => {
      fs.chmodSync(place, fs.statSync(place).isDirectory() ? 0o555 : 0o444);
      if (fs.statSync(place).isDirectory()) for (const name of fs.readdirSync(place)) open(place + '/' + name);
    };
    open(process.env.WF_HOME);
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534) }
    process.argv.splice(1, 1);
    require(process.argv[1]);`;
  chmodSync(runner.dir, 0o755);
  const { code, stdout, stderr } = await runner.startProgram(
    [process.execPath, '-e', asOther, '--', 'x', WF, ...args],
    { env: { XDG_CACHE_HOME: undefined } },
  ).ended;
  if (stdout === '') throw new Error(`exit ${code}: ${stderr}`);
  return { code, stderr, value: JSON.parse(stdout) };
}

describe('a home that others may look into', () => {
  test('is said once by a command that writes, with the way to close it; looking says nothing', async () => {
    const runner = wfRunner();
    mkdirSync(runner.home);
    chmodSync(runner.home, 0o755);
    const line = ['run', 'autonomous-e2e', '--input', 'write a blog'];
    const { code, stderr } = await runner.wf(line);
    expect(code).toBe(0);
    expect(stderr.match(/chmod 700/g)).toHaveLength(1);
    expect(stderr).toContain(runner.home);
    expect((await runner.wf(['runs'])).stderr).not.toContain('chmod');
    chmodSync(runner.home, 0o700);
    expect((await runner.wf(line)).stderr).not.toContain('chmod');
    expect(readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8')).toContain('RunReused');
  });
});
