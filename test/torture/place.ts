/**
 * Where one torture happens: a folder with a home, a file of effects beside it, and a copy of the build, so that a
 * build made meanwhile changes nothing. Every `wf` process of the harness is started here and nowhere else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { writeDefinitions } from './definitions.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What one `wf` process told before it ended or was killed. */
export type Told = {
  readonly args: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its one JSON value; null when it was killed before it had printed all of it. */
  readonly json: Answer | null;
  readonly stdout: string;
  readonly stderr: string;
};
export type Answer = {
  readonly answer?: string;
  readonly run?: { readonly runId: string; readonly status: string };
  readonly error?: { readonly code: string; readonly message: string };
  readonly entry?: { readonly feedbackId: string };
};
export type Started = { readonly child: ChildProcess; readonly ended: Promise<Told> };
export type Place = {
  readonly dir: string;
  readonly home: string;
  start(args: readonly string[]): Started;
  wf(args: readonly string[]): Promise<Told>;
  /** Lines of a file beside the home. */
  lines(name: string): readonly string[];
};

export function makePlace(): Place {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'wf-torture-')));
  const home = join(dir, 'home');
  mkdirSync(home, { mode: 0o700 });
  writeDefinitions(home);
  for (const part of ['dist', 'definitions', 'package.json'])
    cpSync(join(ROOT, part), join(dir, 'build', part), { recursive: true });
  const program = join(dir, 'build/dist/wf.cjs');
  const env = {
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: dir,
    XDG_CACHE_HOME: join(dir, 'cache'),
    WF_HOME: home,
  };
  const start: Place['start'] = (args) => {
    const child = spawn(process.execPath, [program, ...args, '--json'], {
      cwd: dir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const ended = new Promise<Told>((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => {
        const stdout = Buffer.concat(out).toString('utf8');
        const stderr = Buffer.concat(err).toString('utf8');
        done({ args, code, signal, json: parsed(stdout), stdout, stderr });
      });
    });
    return { child, ended };
  };
  return {
    dir,
    home,
    start,
    wf: (args) => start(args).ended,
    lines: (name) => linesOf(join(dir, name)),
  };
}

function parsed(stdout: string): Answer | null {
  try {
    return JSON.parse(stdout) as Answer;
  } catch {
    return null;
  }
}

export const linesOf = (file: string): readonly string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
