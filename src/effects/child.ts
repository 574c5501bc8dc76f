/**
 * Runs one program to its end. It is its own process group and writes to files, never to a pipe of ours, so that it
 * survives our death unharmed and whoever takes over can see it and wait for it.
 */
import { failpoint } from '../failpoint.ts';
import { readCapped } from './child-output.ts';
import { MAX_TIMER_MS, monotonicMs } from './clock.ts';
import { endGroup } from './end-group.ts';
import { thisOwner } from './owner.ts';
import { readProcess } from './process-table.ts';
import type { StopSignal } from './stop.ts';

const fs = process.getBuiltinModule('node:fs');

export type ChildOptions = {
  /** Program and arguments; no shell is involved. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** A file that is its standard input; a file, so that it can be read to its end when we are gone. */
  readonly stdinFile?: string;
  /** The whole environment of the child: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Made when missing (0700); gets child.json, stdout, stderr (0600). */
  readonly scratchDir: string;
  readonly timeoutMs: number;
  /** How much of each output is read back. */
  readonly outputCapBytes?: number;
  /** A file above this ends the group: the disk is not ours to fill. */
  readonly outputLimitBytes?: number;
  readonly signal?: StopSignal;
  readonly killGraceMs?: number;
};

export type ChildEnd = {
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly durationMs: number;
} & (
  | { readonly end: 'exited'; readonly exitCode: number }
  /** For certain: no instruction of the program was carried out. */
  | { readonly end: 'not-started'; readonly code: string; readonly message: string }
  | { readonly end: 'signalled'; readonly signal: string }
  | { readonly end: 'timed-out' | 'aborted' | 'output-limit' }
);

type Leader =
  | { readonly end: 'exited'; readonly exitCode: number }
  | { readonly end: 'signalled'; readonly signal: string }
  | { readonly end: 'not-started'; readonly code: string; readonly message: string };
type Cut = 'timed-out' | 'aborted' | 'output-limit';

/** What child.json holds: enough to recognise the very process later. */
export type ChildRecord = {
  readonly pid: number;
  readonly pidStart: string;
  readonly bootId: string;
  readonly host: string;
};

const DEFAULT_CAP_BYTES = 1024 * 1024;
const DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_GRACE_MS = 5000;
const LOOK_AT_SIZES_MS = 50;

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
const NEW_FOR_APPENDING = O_APPEND | O_CREAT | O_EXCL | O_WRONLY;

const OUTPUTS = ['stdout', 'stderr'] as const;

function openOutput(path: string): number {
  // A child of an earlier, killed attempt may still write to the old file: ours is a new one.
  if (fs.existsSync(path)) fs.rmSync(path);
  return fs.openSync(path, NEW_FOR_APPENDING, 0o600);
}

function recordChild(scratchDir: string, pid: number): void {
  const { host, bootId } = thisOwner();
  const record: ChildRecord = { pid, pidStart: readProcess(pid)?.start ?? 'unknown', bootId, host };
  try {
    fs.writeFileSync(`${scratchDir}/child.json`, JSON.stringify(record), { mode: 0o600 });
  } catch {
    // The child runs already and must be waited for; without the file it is found by its environment.
  }
}

const notStarted = (error: unknown): Leader => {
  const { code, message } = error as NodeJS.ErrnoException;
  return { end: 'not-started', code: code ?? 'EUNKNOWN', message };
};

/** Starts the program and answers its pid, and how it ends by itself. */
function start(options: ChildOptions): {
  readonly pid: number | undefined;
  readonly leader: Promise<Leader>;
} {
  const [program = '', ...args] = options.argv;
  const fds: number[] = [];
  try {
    if (!fs.existsSync(options.scratchDir))
      fs.mkdirSync(options.scratchDir, { recursive: true, mode: 0o700 });
    const record = `${options.scratchDir}/child.json`;
    if (fs.existsSync(record)) fs.rmSync(record);
    for (const name of OUTPUTS) fds.push(openOutput(`${options.scratchDir}/${name}`));
    const outputs = [...fds];
    if (options.stdinFile !== undefined) fds.push(fs.openSync(options.stdinFile, 'r'));
    failpoint('effect.spawn.before');
    const child = process.getBuiltinModule('node:child_process').spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: [fds[outputs.length] ?? 'ignore', ...outputs],
    });
    const leader = new Promise<Leader>((resolve) => {
      child.once('error', (error) => {
        // Also emitted for failures after the start, which say nothing about how it ended.
        if (child.pid === undefined) resolve(notStarted(error));
      });
      child.once('exit', (exitCode, signal) => {
        resolve(signal === null ? { end: 'exited', exitCode: exitCode ?? 0 } : { end: 'signalled', signal });
      });
    });
    failpoint('effect.spawn.after');
    if (child.pid !== undefined) recordChild(options.scratchDir, child.pid);
    failpoint('effect.child.recorded');
    return { pid: child.pid, leader };
  } catch (error) {
    return { pid: undefined, leader: Promise.resolve(notStarted(error)) };
  } finally {
    for (const fd of fds) fs.closeSync(fd);
  }
}

function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Resolves when something other than the child itself ends it; `release` stops watching. */
function watch(options: ChildOptions): { readonly cut: Promise<Cut>; release(): void } {
  const limitBytes = options.outputLimitBytes ?? DEFAULT_LIMIT_BYTES;
  const { promise: cut, resolve } = Promise.withResolvers<Cut>();
  const onAbort = (): void => resolve('aborted');
  const timer = setTimeout(() => resolve('timed-out'), Math.min(options.timeoutMs, MAX_TIMER_MS));
  const sizes = setInterval(() => {
    if (OUTPUTS.some((name) => sizeOf(`${options.scratchDir}/${name}`) > limitBytes)) resolve('output-limit');
  }, LOOK_AT_SIZES_MS);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const release = (): void => {
    clearTimeout(timer);
    clearInterval(sizes);
    options.signal?.removeEventListener('abort', onAbort);
  };
  return { cut, release };
}

/**
 * Runs the program and says how it ended; never throws. Members of its group that outlive the leader are left alone
 * after an exit, and ended (SIGTERM, then SIGKILL after the grace) on timeout, abort and output limit.
 */
export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const startedAt = monotonicMs();
  const finish = (end: Leader | { readonly end: Cut }): ChildEnd => {
    const capBytes = options.outputCapBytes ?? DEFAULT_CAP_BYTES;
    const durationMs = Math.round(monotonicMs() - startedAt);
    if (end.end === 'not-started') return { ...end, stdout: '', stderr: '', truncated: false, durationMs };
    const stdout = readCapped(`${options.scratchDir}/stdout`, capBytes);
    const stderr = readCapped(`${options.scratchDir}/stderr`, capBytes);
    const truncated = stdout.truncated || stderr.truncated;
    return { ...end, stdout: stdout.text, stderr: stderr.text, truncated, durationMs };
  };
  if (options.signal?.aborted === true) {
    return finish({ end: 'not-started', code: 'ABORTED', message: 'interrupted before the start' });
  }
  const { pid, leader } = start(options);
  if (pid === undefined) return finish(await leader);
  const watching = watch(options);
  try {
    const first = await Promise.race([leader, watching.cut]);
    failpoint('effect.child.ended');
    if (typeof first !== 'string') return finish(first);
    await endGroup(pid, options.killGraceMs ?? DEFAULT_GRACE_MS);
    return finish({ end: first });
  } finally {
    watching.release();
  }
}
