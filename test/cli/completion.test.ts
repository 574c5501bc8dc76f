/** TAB in real shells: verbs, options and ids come, and nothing of what is offered is ever run by the shell. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { treeOf, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const TASKS = ['write a blog', 'write a newsletter $(touch "$HOME/evil")'];

/** A home with runs, one that waits for a yes, a workflow of its own, and `wf` on PATH. */
async function filled(): Promise<{ runner: WfRunner; runIds: string[]; path: string }> {
  const runner = wfRunner();
  runner.define({ id: 'nightly', execute: { command: '/bin/true' } });
  const runIds: string[] = [];
  for (const input of TASKS)
    runIds.push((await runner.json(['run', 'autonomous-e2e', '--input', input])).run.runId);
  await runner.json(['run', 'autonomous-e2e', '--input', 'restart the server']);
  mkdirSync(runner.path('bin'));
  writeFileSync(runner.path('bin/wf'), `#!/bin/sh\nexec '${process.execPath}' '${WF}' "$@"\n`, {
    mode: 0o755,
  });
  return { runner, runIds, path: `${runner.path('bin')}:/usr/bin:/bin` };
}

const offered = async (runner: WfRunner, shell: string, ...words: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await runner.wf(['__complete', shell, ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
};

describe('what a TAB is answered', () => {
  test('ids come from the index: runs, workflows, approvals, tasks', async () => {
    const { runner, runIds } = await filled();
    const runs = await offered(runner, 'bash', 'show', '');
    expect(runs[0]).toBe('last');
    expect(runs).toHaveLength(4);
    for (const id of runs.slice(1)) expect(id).toMatch(/^[0-9A-Z]{12,26}$/);
    expect(await offered(runner, 'bash', 'show', runs[3]?.toLowerCase() ?? '')).toEqual([runs[3]]);
    expect(runIds[0]?.startsWith(runs[3] ?? '?')).toBe(true);
    expect(await offered(runner, 'bash', 'run', 'n')).toEqual(['nightly']);
    expect(await offered(runner, 'bash', 'approve', 'A-')).toEqual([
      expect.stringMatching(/^A-[0-9A-Z]{12,}/),
    ]);
    expect(await offered(runner, 'bash', 'report', 'T-')).toHaveLength(2);
    expect(await offered(runner, 'bash', 'init', 'night')).toEqual(['nightly-backup']);
    expect(await offered(runner, 'zsh', 'show', 'la')).toEqual(['last\tthe newest']);
    expect(await offered(runner, 'fish', 'show', '--file=s')).toEqual(['--file=summary']);
    expect(await offered(runner, 'bash', 'show', '--file', '=', 's')).toEqual(['summary']);
    expect(await offered(runner, 'bash', 'run', 'x', '--input-file', '')).toEqual([':files']);
  });

  test('an id that a shell could take for code is not offered, nor what could steer a terminal', async () => {
    const { runner } = await filled();
    const db = new DatabaseSync(`${runner.home}/state/index.db`);
    for (const [i, id] of ['$(touch evil)', '`evil`', 'a;evil', 'a b', "it's"].entries())
      db.prepare(
        'UPDATE runs SET runId = ? WHERE firstSeq = (SELECT firstSeq FROM runs LIMIT 1 OFFSET ?)',
      ).run(id, i % 3);
    db.prepare("UPDATE runs SET task = 'x' || char(27) || '[2J' || char(10) || 'y'").run();
    db.close();
    const lines = await offered(runner, 'zsh', 'show', '');
    expect(lines).toEqual(['last\tthe newest']);
  });

  test('a home that is not there, is broken or belongs to others gives verbs and no ids, and is left as it is', async () => {
    const runner = wfRunner();
    expect(await offered(runner, 'bash', 'show', '')).toEqual(['last']);
    expect(existsSync(runner.home)).toBe(false);
    mkdirSync(`${runner.home}/state`, { recursive: true });
    writeFileSync(`${runner.home}/state/index.db`, 'no database at all');
    const before = treeOf(runner.home);
    expect(await offered(runner, 'bash', 'show', '')).toEqual(['last']);
    expect(await offered(runner, 'bash', '--home', '/dev/null', 'approve', '')).toEqual(['last']);
    expect(treeOf(runner.home)).toEqual(before);
  });

  test('loads neither the validator nor the explaining parser', async () => {
    const { runner } = await filled();
    // The names of the files that Node opens, as the kernel's own loader of this process sees them.
    const { stdout } = await runner.startProgram(
      [
        process.execPath,
        '-e',
        `process.argv = [process.argv[0], 'wf', '__complete', 'bash', 'show', ''];
         require(${JSON.stringify(WF)});
         process.on('exit', () => console.log(Object.keys(require.cache).join('\\n')));`,
      ],
      {},
    ).ended;
    const loaded = stdout.split('\n').filter((line) => line.endsWith('.cjs'));
    expect(loaded.some((file) => /any-verb|complete/.test(file))).toBe(true);
    expect(loaded.filter((file) => /explain-argv|zod|schemas/.test(file))).toEqual([]);
  });
});

/** Nobody has to have three shells; the project's own runs install them (.ci/run). */
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const absent = (shell: string): string =>
  has(shell) ? '' : `, not tried: ${shell} is not on this machine (apt-get install ${shell})`;

/** Types into a real interactive shell on a terminal and waits for what it shows. */
async function typing(
  { runner, path }: { runner: WfRunner; path: string },
  shell: string,
  setUp: string,
  line: string,
  shows: string,
): Promise<string> {
  const { child, ended, seen } = runner.startProgram(['script', '-qec', shell, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'xterm', PATH: path, PS1: '> ', SHELL: '/bin/sh' },
  });
  child.stdin?.write(`${setUp}; echo re''ady\n`);
  await until(() => seen().stdout.includes('ready'));
  child.stdin?.write(line);
  await until(() => child.exitCode !== null || seen().stdout.includes(shows));
  child.stdin?.write('\u0015exit\n');
  return (await ended).stdout;
}

test('every shell that is here takes its script without a complaint', async () => {
  const runner = wfRunner();
  for (const shell of ['bash', 'zsh', 'fish'].filter(has)) {
    const { stdout } = await runner.wf(['completion', shell]);
    const file = runner.path(shell);
    writeFileSync(file, stdout);
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect({ shell, status, stderr }).toEqual({ shell, status: 0, stderr: '' });
  }
});

describe('bash', () => {
  const SET_UP = 'source <(wf completion bash)';

  test('a TAB completes verbs, options and ids', async () => {
    const made = await filled();
    const shown = await typing(made, 'bash --norc --noprofile -i', SET_UP, 'wf appr\t', 'wf approve ');
    expect(shown).toContain('wf approve ');
    await typing(made, 'bash --norc --noprofile -i', SET_UP, 'wf approve A\t', `wf approve A-01`);
    await typing(made, 'bash --norc --noprofile -i', SET_UP, 'wf show --file=s\t', 'wf show --file=summary');
  });

  test('a file is completed where a file is asked for', async () => {
    const made = await filled();
    writeFileSync(made.runner.path('my result.md'), 'x');
    await typing(made, 'bash --norc --noprofile -i', SET_UP, 'wf report last --file my\t', 'my\\ result.md');
  });

  test('what stands on the line is not run, nor are ids', async () => {
    const made = await filled();
    await typing(made, 'bash --norc --noprofile -i', SET_UP, 'wf diff "$(touch $HOME/evil)" la\t', 'last');
    expect(readdirSync(made.runner.dir)).not.toContain('evil');
  });
});

describe.skipIf(!has('zsh'))(`zsh${absent('zsh')}`, () => {
  const SET_UP = 'autoload -U compinit && compinit -u -D; source <(wf completion zsh)';

  test('a TAB completes verbs and ids, and says what they are', async () => {
    const made = await filled();
    // It may print the whole word again, or only what was added.
    await typing(made, 'zsh -f -i', SET_UP, 'wf appr\t', 'ove');
    const shown = await typing(made, 'zsh -f -i', SET_UP, 'wf show \t', 'autonomous-e2e: write a blog');
    expect(shown).toContain('handed_off');
    expect(readdirSync(made.runner.dir)).not.toContain('evil');
  });
});

describe.skipIf(!has('fish'))(`fish${absent('fish')}`, () => {
  test('completes verbs, ids and files', async () => {
    const { runner, path } = await filled();
    const complete = (line: string): string[] =>
      spawnSync(
        'fish',
        ['--no-config', '-c', `wf completion fish | source; complete -C ${JSON.stringify(line)}`],
        {
          cwd: runner.dir,
          env: { PATH: path, HOME: runner.dir, WF_HOME: runner.home, XDG_CACHE_HOME: '/tmp' },
          encoding: 'utf8',
        },
      )
        .stdout.split('\n')
        .slice(0, -1);
    expect(complete('wf appr')).toEqual([expect.stringMatching(/^approve\t/)]);
    expect(complete('wf show ')).toHaveLength(4);
    expect(complete('wf show --file ')).toEqual(['brief', 'record', 'summary']);
    writeFileSync(runner.path('result.md'), 'x');
    expect(complete('wf report last --file res').join('\n')).toContain('result.md');
    expect(readdirSync(runner.dir)).not.toContain('evil');
  });
});
