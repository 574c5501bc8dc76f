/**
 * The built program in a home of its own: real processes, real files, nothing of the surrounding environment but
 * PATH. Every runner has its own folder, so that test files may run side by side.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';

export const root = resolve(import.meta.dirname, '../..');
export const WF = join(root, 'dist/wf.cjs');

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};
export type Started = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  readonly seen: () => { readonly stdout: string; readonly stderr: string };
};
export type StartOptions = {
  /** The whole of standard input; `open` leaves it to the test. */
  readonly input?: string | Uint8Array | { readonly open: true };
  /** Added to the environment; undefined takes a name away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
};

/** The fields of `wf.run/1` that tests look at. */
export type RunJson = {
  readonly runId: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly route: string | null;
  readonly risk: string | null;
  readonly waiting: { readonly for: string; readonly id: string } | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly stage: string;
    readonly step?: string;
  } | null;
  readonly summaryFile: string | null;
  readonly idempotencyKey: string;
  readonly tasks: readonly { readonly taskId: string; readonly brief?: string; readonly jobId?: string }[];
  readonly stages: readonly { readonly name: string; readonly status: string; readonly attempts: number }[];
};
export type ErrorJson = {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly hint?: string;
  readonly exitCode: number;
};
export type Answered = {
  readonly code: number | null;
  readonly answer?: string;
  /** Throws when the command failed without a run. */
  readonly run: RunJson;
  readonly error: ErrorJson;
  readonly stderr: string;
};
export type LogLine = {
  readonly seq: number;
  readonly type: string;
  readonly stream: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type WfRunner = {
  /** A folder of this test's alone; the home is inside it. */
  readonly dir: string;
  readonly home: string;
  /** Runs `wf` to its end. */
  wf(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** The same with `--json`, its one value read. */
  json(args: readonly string[], options?: StartOptions): Promise<Answered>;
  /** Starts `wf` and leaves it running. */
  start(args: readonly string[], options?: StartOptions): Started;
  /** Starts any program in the runner's environment. */
  startProgram(argv: readonly string[], options?: StartOptions): Started;
  /** Writes `definitions/<id>.json`; `undefined` keys vanish. */
  define(definition: { readonly id: string } & Readonly<Record<string, unknown>>): void;
  /** Every event of the log; none where there is no log. */
  log(): readonly LogLine[];
  types(runId?: string): readonly string[];
  /** Path inside the runner's folder. */
  path(name: string): string;
  /** Lines of a file in the runner's folder; none when it is missing. */
  lines(name: string): readonly string[];
};

/** Compiled code is kept between tests, as it is between the commands of a user. */
const CACHE = join(tmpdir(), 'wf-test-compile-cache');

export function wfRunner(options: { readonly homeName?: string } = {}): WfRunner {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'wf-cli-')));
  const home = join(dir, options.homeName ?? 'home');
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const environment = (extra: StartOptions['env']): NodeJS.ProcessEnv => ({
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: dir,
    XDG_CACHE_HOME: CACHE,
    WF_HOME: home,
    ...extra,
  });
  const startProgram: WfRunner['startProgram'] = (argv, { input, env, cwd } = {}) => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      env: environment(env),
      cwd: cwd ?? dir,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout?.on('data', (chunk: Buffer) => out.stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => out.stderr.push(chunk));
    const seen = () => ({
      stdout: Buffer.concat(out.stdout).toString('utf8'),
      stderr: Buffer.concat(out.stderr).toString('utf8'),
    });
    // A program that refuses early may not read its input.
    child.stdin?.on('error', () => undefined);
    if (typeof input === 'string' || input instanceof Uint8Array) child.stdin?.end(input);
    const ended = new Promise<Ended>((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => done({ code, signal, ...seen() }));
    });
    return { child, ended, seen };
  };
  const start: WfRunner['start'] = (args, opts) => startProgram([process.execPath, WF, ...args], opts);
  const log = (): readonly LogLine[] => {
    const file = join(home, 'logs/events.jsonl');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine);
  };
  return {
    dir,
    home,
    start,
    startProgram,
    wf: (args, opts) => start(args, opts).ended,
    json: async (args, opts) => answered(await start(['--json', ...args], opts).ended),
    define: (definition) => {
      mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
      writeFileSync(join(home, 'definitions', `${definition.id}.json`), JSON.stringify(definition, null, 2));
    },
    log,
    types: (runId) =>
      log()
        .filter((event) => runId === undefined || event.stream === `run/${runId}`)
        .map((event) => event.type),
    path: (name) => join(dir, name),
    lines: (name) => {
      const file = join(dir, name);
      return existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [];
    },
  };
}

function answered(ended: Ended): Answered {
  let value: { answer?: string; run?: RunJson; error?: ErrorJson };
  try {
    value = JSON.parse(ended.stdout);
  } catch {
    throw new Error(`exit ${ended.code}, and stdout is not one JSON value: ${ended.stdout}\n${ended.stderr}`);
  }
  return {
    code: ended.code,
    stderr: ended.stderr,
    ...(value.answer === undefined ? {} : { answer: value.answer }),
    get run() {
      if (value.run === undefined) throw new Error(`no run: ${ended.stdout}\n${ended.stderr}`);
      return value.run;
    },
    get error() {
      if (value.error === undefined) throw new Error(`no error: ${ended.stdout}\n${ended.stderr}`);
      return value.error;
    },
  };
}

/** Waits until something is true; the test's own timeout is the limit. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((done) => setTimeout(done, 10));
}

/** After whatever happened: every line of the log is whole, and the projections are what the log makes of them. */
export async function expectHealthy(runner: WfRunner): Promise<void> {
  const verified = await runner.wf(['log', 'verify']);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  const compared = await runner.wf(['rebuild-projections', '--check']);
  expect(compared.code, compared.stdout + compared.stderr).toBe(0);
}

/** Every path below a folder with its size, times and content: two calls show whether anything changed. */
export function treeOf(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path} ${readFileSync(path).toString('base64')}` : `${path}/`;
    })
    .sort();
}

/** An action that runs a fixed shell script; `$WF_TASK` and the like are in its environment. */
export const sh = (script: string): { readonly command: string; readonly args: readonly string[] } => ({
  command: '/bin/sh',
  args: ['-c', script],
});
