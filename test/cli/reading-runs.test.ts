/** What people read: status, runs, show, replay and inbox, on a fresh machine and on a home where things have happened. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const BLOG = 'write a blog on BIM Automation in Autodesk';
const main = (runner: WfRunner, input = BLOG) => runner.json(['run', 'autonomous-e2e', '--input', input]);
const text = async (runner: WfRunner, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runner.wf(args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
  return stdout;
};
const value = async <T>(runner: WfRunner, ...args: string[]): Promise<T> =>
  JSON.parse((await runner.wf([...args, '--json'])).stdout) as T;
const nonceOf = (runner: WfRunner): string =>
  String(runner.log().find((event) => event.type === 'EffectIntended')?.data.nonce);

describe('a machine where nothing has run', () => {
  const verbs = [
    [],
    ['status'],
    ['runs'],
    ['inbox'],
    ['events'],
    ['definitions', 'list'],
    ['definitions', 'show', 'autonomous-e2e'],
    ['definitions', 'validate'],
    ['definitions', 'schema'],
    ['tools', 'list'],
    ['doctor'],
    ['log', 'verify'],
    ['rebuild-projections'],
    ['rebuild-projections', '--check'],
    ['feedback', 'list'],
  ];
  test('every reading verb answers, exits 0 and makes nothing', async () => {
    const runner = wfRunner();
    for (const args of verbs) {
      for (const json of [[], ['--json']]) {
        const { code, stdout, stderr } = await runner.wf([...args, ...json]);
        expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
        if (args[0] !== 'events' || json.length === 0) expect(stdout).not.toBe('');
      }
    }
    expect(existsSync(runner.home)).toBe(false);
  });

  test('bare wf says in three lines where it looked and how to begin', async () => {
    const runner = wfRunner();
    expect(await text(runner)).toBe(
      'Nothing has run here yet (home ~/home).\n' +
        'Start with:  wf run autonomous-e2e --input "write a blog on BIM Automation in Autodesk"\n' +
        'Then look:   wf show last\n',
    );
  });

  test('a named run is not found, and no home is made for the answer', async () => {
    const runner = wfRunner();
    for (const verb of [['show'], ['replay']]) {
      const { code, stderr } = await runner.wf([...verb, 'last']);
      expect(code).toBe(3);
      expect(stderr).toContain('there is no run yet');
    }
    expect(existsSync(runner.home)).toBe(false);
  });
});

describe('a handed-off run', () => {
  test('is counted, listed and waits in the inbox with the command that ends the wait', async () => {
    const runner = wfRunner();
    const { run } = await main(runner);
    const short = run.runId.slice(0, 12);
    const status = await text(runner);
    expect(status).toContain('1 handed off   home ~/home');
    expect(status).toContain(`wf report T-${short} --file RESULT_FILE`);
    const rows = await text(runner, 'runs');
    expect(rows).toMatch(
      new RegExp(`^${short}\\s+◐ handed off\\s+autonomous-e2e\\s+content\\s+.*${BLOG}\n$`),
    );
    const inbox = await text(runner, 'inbox');
    expect(inbox).toContain(`brief  ~/home/tasks/T-${run.runId}.md`);
    const command = /wf (report T-\S+) --file RESULT_FILE/.exec(inbox)?.[1]?.split(' ') ?? [];
    expect((await runner.wf([...command, '--text', 'done'])).code).toBe(0);
    expect(await text(runner, 'inbox')).toBe('Nothing waits for you.\n');
    expect(await text(runner)).toContain('1 completed');
  });

  test('is shown with its stages, receipt and files, and never with the one-time word of its brief', async () => {
    const runner = wfRunner();
    const { run } = await main(runner);
    const shown = await text(runner, 'show', run.runId.slice(0, 8));
    for (const stage of [
      'intake',
      'classify',
      'plan',
      'configure_tools',
      'execute',
      'verify',
      'deliver',
      'log',
    ]) {
      expect(shown).toMatch(new RegExp(`✓ ${stage} .* \\d+\\.\\d s`));
    }
    expect(shown).toContain(BLOG);
    expect(shown).toContain('receipt  by queue');
    expect(shown).toContain('the file is unchanged');
    for (const file of [
      `tasks/T-${run.runId}.md`,
      `outbox/${run.runId}.md`,
      `state/runs/${run.runId}.json`,
    ]) {
      expect(shown).toContain(`~/home/${file}`);
    }
    const nonce = nonceOf(runner);
    expect(readFileSync(join(runner.home, `tasks/T-${run.runId}.md`), 'utf8')).toContain(nonce);
    const outputs = [shown];
    for (const args of [
      ['show', 'last', '--json'],
      ['replay', 'last', '--at', '16'],
      ['events'],
      ['replay', 'last', '--at', '16', '--json'],
    ]) {
      outputs.push(await text(runner, ...args));
    }
    expect(outputs.filter((output) => output.includes(nonce))).toEqual([]);
  });

  test('whose definition was edited since says so, and that it keeps its own', async () => {
    const runner = wfRunner();
    runner.define({ id: 'mine', execute: sh('echo done') });
    await runner.json(['run', 'mine', '--input', 'x']);
    runner.define({ id: 'mine', description: 'edited', execute: sh('echo done') });
    expect(await text(runner, 'show', 'last')).toContain(
      'the file has changed since; this run keeps its own',
    );
    rmSync(join(runner.home, 'definitions/mine.json'));
    const { definition } = await value<{ definition: object }>(runner, 'show', 'last');
    expect(definition).toMatchObject({ currentHash: null, changed: true });
  });
});

describe('other endings on screen', () => {
  test('an approval shows its reasons and both answers; the commands work as printed', async () => {
    const runner = wfRunner();
    await main(runner, 'restart the server');
    const inbox = await text(runner, 'inbox');
    expect(inbox).toContain('high risk. Nothing of it was dispatched.');
    expect(inbox).toContain('"restart"');
    const reject = /wf (reject \S+)/.exec(inbox)?.[1]?.split(' ') ?? [];
    expect(await text(runner, 'show', 'last')).toContain(`wf ${reject.join(' ')}`);
    expect((await runner.wf(reject)).code).toBe(0);
    expect(await text(runner, 'inbox')).toBe('Nothing waits for you.\n');
  });

  test('a failed run shows where and why, and how to go on', async () => {
    const runner = wfRunner();
    runner.define({ id: 'bad', execute: sh('echo "no such printer" >&2; exit 3') });
    await runner.json(['run', 'bad', '--input', 'print']);
    const shown = await text(runner, 'show', 'last');
    expect(shown).toContain('✗ execute');
    expect(shown).toContain('no such printer');
    expect(shown).toMatch(/go on: {2}wf resume \S+/);
    const [item] = (await value<{ items: { status: string; error: object }[] }>(runner, 'runs')).items;
    expect(item).toMatchObject({ status: 'failed', error: { stage: 'execute' } });
  });

  test('a doubt names the two commands that end it', async () => {
    const runner = wfRunner();
    runner.define({ id: 'slow', execute: { ...sh('sleep 20'), timeout: '200ms' } });
    await runner.json(['run', 'slow', '--input', 'x']);
    const inbox = await text(runner, 'inbox');
    expect(inbox).toContain('? in doubt');
    expect(inbox).toMatch(/wf resolve \S+ --sent/);
    expect(inbox).toMatch(/wf resolve \S+ --not-sent/);
  });

  test('text of others cannot move the cursor of the terminal', async () => {
    const runner = wfRunner();
    runner.define({ id: 'loud', execute: sh('printf "\\033[2Jgone\\n"; exit 1') });
    await runner.json(['run', 'loud', '--input', 'say \u001b]0;title\u0007 hello \u009b31m']);
    for (const args of [[], ['runs'], ['show', 'last'], ['events'], ['inbox']]) {
      const controls = [...(await text(runner, ...args))].filter((char) => /\p{Cc}/u.test(char));
      expect(controls.filter((char) => char !== '\n')).toEqual([]);
    }
  });
});

describe('runs', () => {
  test('filters name what they leave out, and an empty answer is no error', async () => {
    const runner = wfRunner();
    runner.define({ id: 'other', execute: sh('exit 1') });
    await main(runner);
    await runner.json(['run', 'other', '--input', 'x']);
    const ids = async (...args: string[]) =>
      (await value<{ items: { workflowId: string }[] }>(runner, 'runs', ...args)).items.map(
        (item) => item.workflowId,
      );
    expect(await ids()).toEqual(['other', 'autonomous-e2e']);
    expect(await ids('--status', 'failed')).toEqual(['other']);
    expect(await ids('--workflow', 'autonomous-e2e')).toEqual(['autonomous-e2e']);
    expect(await ids('--route', 'content')).toEqual(['autonomous-e2e']);
    expect(await ids('--limit', '1')).toEqual(['other']);
    expect(await ids('--since', '1h')).toHaveLength(2);
    expect(await ids('--since', '2999-01-01')).toEqual([]);
    expect(await text(runner, 'runs', '--status', 'cancelled')).toContain('No run fits');
  });
});

describe('replay', () => {
  test('ends in the very state that show has, and performs nothing', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo x >> "$HOME/count"') });
    const { run } = await runner.json(['run', 'count', '--input', 'x']);
    const before = treeOf(join(runner.home, 'logs'));
    const { states } = await value<{ states: { n: number; status: string }[] }>(runner, 'replay', 'last');
    expect(states.map(({ n }) => n)).toEqual(states.map((_, i) => i + 1));
    expect(states).toHaveLength(runner.types(run.runId).length);
    expect(states.at(-1)?.status).toBe(run.status);
    const { state } = await value<{ state: object }>(runner, 'replay', 'last', '--at', String(states.length));
    expect(state).toMatchObject({ runId: run.runId, status: 'completed', version: states.length });
    const lines = await text(runner, 'replay', 'last');
    expect(lines).toContain('-> ✓ completed, log');
    expect(runner.lines('count')).toEqual(['x']);
    expect(treeOf(join(runner.home, 'logs')).filter((entry) => entry.includes('events'))).toEqual(
      before.filter((entry) => entry.includes('events')),
    );
  });
});

test('a file in the place of the home is named, and left alone', async () => {
  const runner = wfRunner();
  writeFileSync(runner.path('home'), 'mine');
  const { error } = await runner.json(['runs']);
  expect(error).toMatchObject({ code: 'home-not-a-folder', exitCode: 2 });
  expect(readFileSync(runner.path('home'), 'utf8')).toBe('mine');
});

test('an empty folder as home is a home where nothing has run', async () => {
  const runner = wfRunner();
  mkdirSync(runner.home, { mode: 0o700 });
  expect(await text(runner)).toContain('Nothing has run here yet');
  expect((await value<{ items: [] }>(runner, 'runs')).items).toEqual([]);
});
