/**
 * The launcher under an older Node, in a made-up installation: the real dist/wf.cjs and scripts/, with a program
 * behind it that only says what reached it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findOldNode, type OldNode } from '../support/old-node.ts';

const root = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** What stands behind the launcher: every verb shows one way a program can end. */
const PROGRAM = `(function (require) {
return { main: async (argv, packageDir) => {
  switch (argv[0]) {
    case 'exit': return Number(argv[1]);
    case 'throw': throw new Error('broken program');
    case 'die': process.kill(process.pid, argv[1]); return new Promise(() => setInterval(() => {}, 1000));
    case 'stdin': for await (const chunk of process.stdin) process.stdout.write(chunk); return 0;
    case 'signals': {
      const seen = [];
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => seen.push(name));
      console.log('ready ' + process.pid);
      for (let i = 0; seen.length === 0 && i < 1000; i++) await new Promise((done) => setTimeout(done, 10));
      await new Promise((done) => setTimeout(done, 100));
      console.log(seen.join(','));
      return 130;
    }
    default: console.log(JSON.stringify({ argv, node: process.version, guard: process.env.WF_REEXEC ?? null, packageDir })); return 0;
  }
} };
})`;

let scratch: string;
let old: OldNode;
let installed: string;
let home: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'wf-launcher-'));
  home = join(scratch, 'home');
  mkdirSync(home);
  old = findOldNode(scratch);
});
afterAll(() => rmSync(scratch, { recursive: true }));

beforeEach(() => {
  installed = mkdtempSync(join(scratch, 'app-'));
  const own = join(installed, 'node_modules/workflow-engine');
  mkdirSync(join(own, 'dist'), { recursive: true });
  cpSync(join(root, 'dist/wf.cjs'), join(own, 'dist/wf.cjs'));
  for (const name of ['workflow_engine.mjs', 'workflow_feedback_loop.mjs', 'start-node.mjs']) {
    cpSync(join(root, 'scripts', name), join(own, 'scripts', name));
  }
  writeFileSync(join(own, 'dist/cli.cjs'), PROGRAM);
});

/** Puts the npm package `node` beside the installed workflow-engine. */
const bringNode = (claims: string, binary: string): void => {
  const folder = join(installed, 'node_modules/node');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'node', version: claims }));
  symlinkSync(binary, join(folder, 'bin/node'));
};

const own = (path: string): string => join(installed, 'node_modules/workflow-engine', path);
const env = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, HOME: home });
const startOld = (file: string, ...args: string[]) =>
  spawnSync(old.command, [...old.args, own(file), ...args], {
    encoding: 'utf8',
    env: env(),
    input: 'typed',
    timeout: 20_000,
  });
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('with a Node that is new enough', () => {
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [own('dist/wf.cjs'), ...args], { encoding: 'utf8', env: env() });

  test('--version and -v answer with the package version and load nothing else', () => {
    writeFileSync(own('dist/cli.cjs'), "throw new Error('loaded');");
    for (const flag of ['--version', '-v']) {
      expect(start(flag)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
    expect(start('--version', '--json').status).toBe(1);
  });

  test('the program ends with the code it decided on', () => {
    expect([0, 4, 130].map((code) => start('exit', String(code)).status)).toEqual([0, 4, 130]);
  });

  test('a program that breaks says so and exits 1', () => {
    const { status, stderr } = start('throw');
    expect(status).toBe(1);
    expect(stderr).toContain('broken program');
  });

  test('compiled code is cached in the user’s own cache folder, and nowhere without a home', () => {
    start('exit', '0');
    expect(existsSync(join(home, '.cache/workflow-engine'))).toBe(true);
    const bare = spawnSync(process.execPath, [own('dist/wf.cjs'), 'exit', '0'], { env: {}, cwd: installed });
    expect(bare.status).toBe(0);
    expect(existsSync(join(installed, '.cache'))).toBe(false);
  });
});

describe('with an older Node and the `node` package installed', () => {
  beforeEach(() => bringNode(process.version.slice(1), process.execPath));

  test('the same command line runs with the newer one', () => {
    const { status, stdout, stderr } = startOld('dist/wf.cjs', 'run', 'a b', '--input', '$x "y"');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      argv: ['run', 'a b', '--input', '$x "y"'],
      node: process.version,
      guard: null,
      packageDir: realpathSync(own('.')),
    });
  });

  test('standard input reaches the program', () => {
    expect(startOld('dist/wf.cjs', 'stdin').stdout).toBe('typed');
  });

  test('the exit code and the death by signal are the program’s', () => {
    expect(startOld('dist/wf.cjs', 'exit', '5').status).toBe(5);
    expect(startOld('dist/wf.cjs', 'die', 'SIGKILL').signal).toBe('SIGKILL');
    expect(startOld('dist/wf.cjs', 'die', 'SIGTERM').signal).toBe('SIGTERM');
  });

  test('the script engine’s two command lines arrive with their exact arguments', () => {
    const engine = startOld('scripts/workflow_engine.mjs', 'run', 'w', '--input', 'x');
    expect(JSON.parse(engine.stdout).argv).toEqual(['__compat', 'engine', 'run', 'w', '--input', 'x']);
    const feedback = startOld('scripts/workflow_feedback_loop.mjs', 'submit', '--score', '4');
    expect(JSON.parse(feedback.stdout).argv).toEqual(['__compat', 'feedback', 'submit', '--score', '4']);
  });

  const startWaiting = async (): Promise<{ child: ChildProcess; output: () => string }> => {
    const child = spawn(old.command, [...old.args, own('dist/wf.cjs'), 'signals'], {
      env: env(),
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    while (!text.includes('ready')) await once(child.stdout, 'data');
    return { child, output: () => text };
  };

  test('Ctrl-C reaches the program once and it decides how to end', async () => {
    const { child, output } = await startWaiting();
    process.kill(-(child.pid ?? 0), 'SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect(lines(output()).at(-1)).toBe('SIGINT');
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)(
    '%s sent to the process a supervisor started reaches the program',
    async (signal) => {
      const { child, output } = await startWaiting();
      child.kill(signal);
      const [code] = await once(child, 'close');
      expect(code).toBe(130);
      expect(lines(output()).at(-1)).toBe(signal);
    },
  );
});

describe('with an older Node alone', () => {
  const refusal = (): void => {
    const { status, stdout, stderr } = startOld('dist/wf.cjs', 'run', 'w');
    expect({ status, stdout, lines: lines(stderr).length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(`needs Node >= 24.16.0, found ${old.version}`);
    expect(stderr).toContain('npm install node@24');
  };

  test('one line says what is needed, what was found and how to get it', refusal);

  test('a `node` package that is too old itself is not used', () => {
    bringNode('20.1.0', process.execPath);
    refusal();
  });

  test('a `node` package whose binary was never downloaded is not used', () => {
    bringNode('24.21.0', '/dev/null');
    refusal();
  });

  test('a runtime that is not what its package says ends in the same line, not in an endless chain', () => {
    const wrapper = join(installed, 'older');
    writeFileSync(wrapper, `#!/bin/sh\nexec "${old.command}" ${old.args.join(' ')} "$@"\n`, { mode: 0o755 });
    bringNode('24.21.0', wrapper);
    refusal();
  });
});

test('a checkout that was never built says so in one line', () => {
  rmSync(own('dist'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [own('scripts/workflow_engine.mjs')], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(lines(stderr)).toEqual([expect.stringContaining('npm run build')]);
});
