/**
 * Where one torture happens: a folder with a home and a file of effects beside it. The build is copied once for all
 * of them, so that one made meanwhile changes nothing. Every `wf` process of the harness is started here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
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
  readonly run?: { readonly runId: string; readonly status: string; readonly summaryFile?: string | null };
  readonly error?: { readonly code: string; readonly message: string };
  readonly entry?: { readonly feedbackId: string };
};
export type Started = { readonly child: ChildProcess; readonly ended: Promise<Told> };
/** Variables of the torture alone, see src/failpoint.ts and lying-owner.ts. */
export type Aim = {
  readonly WF_FAILPOINT?: string;
  readonly WF_FAILPOINT_TRACE?: string;
  readonly WF_OWNER_GONE?: string;
};
export type Place = {
  readonly dir: string;
  readonly home: string;
  start(args: readonly string[], aim?: Aim): Started;
  wf(args: readonly string[], aim?: Aim): Promise<Told>;
  /** Lines of a file beside the home. */
  lines(name: string): readonly string[];
  remove(): void;
};

/** A copy of the build with failpoints, and the folder that places are made in. */
export type Workshop = { readonly dir: string; readonly program: string };

export function makeWorkshop(): Workshop {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'wf-torture-')));
  for (const part of ['dist-torture', 'definitions', 'package.json'])
    cpSync(join(ROOT, part), join(dir, 'build', part), { recursive: true });
  return { dir, program: join(dir, 'build/dist-torture/wf.cjs') };
}

/** @param name of a folder that is not there yet */
export function makePlace(workshop: Workshop = makeWorkshop(), name = 'place'): Place {
  const dir = join(workshop.dir, name);
  const home = join(dir, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeDefinitions(home);
  const env = {
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: dir,
    // Shared by all places: what is compiled for one is compiled for all.
    XDG_CACHE_HOME: join(workshop.dir, 'cache'),
    WF_HOME: home,
  };
  const start: Place['start'] = (args, aim = {}) => {
    const child = spawn(process.execPath, [workshop.program, ...args, '--json'], {
      cwd: dir,
      env: { ...env, ...aim },
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
    wf: (args, aim) => start(args, aim).ended,
    lines: (file) => linesOf(join(dir, file)),
    remove: () => removeFolder(dir),
  };
}

/** A child that outlived its engine may still write while it is removed. */
export const removeFolder = (dir: string): void =>
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

/** Where a process that ended by a failpoint says that it was; null for every other end. */
export function diedAt({ signal, stderr }: Told): string | null {
  return signal === 'SIGKILL' ? (/^failpoint (\S+)$/m.exec(stderr)?.[1] ?? null) : null;
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
