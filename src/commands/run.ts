/** `wf run`: work done once. Progress goes to stderr as it is recorded, the ending to stdout. */
import { type Answer, exitCodeOf } from '../engine/answer.ts';
import { processInterrupts } from '../engine/interrupts.ts';
import type { OpenHome } from '../engine/open-home.ts';
import type { Interrupts } from '../engine/ports.ts';
import { startRun } from '../engine/start-run.ts';
import { type ExitCode, usageError } from '../errors.ts';
import { lastRunId, shortestUniquePrefix } from '../home/read-model.ts';
import type { DecidedEvent } from '../workflow/decide.ts';
import { MAX_INPUT_BYTES } from '../workflow/stages/intake.ts';
import type { RunState } from '../workflow/state.ts';
import { homeDir, openFor, resolveRun } from './home-of.ts';
import { decodeUtf8 } from './process-io.ts';
import { ending } from './render/ending.ts';
import { tilde } from './render/paths.ts';
import { progressLines } from './render/progress.ts';
import { runView } from './render/run-view.ts';
import { argument, flag, type Invocation, option } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const resume = option(invocation, 'resume');
  if (resume !== undefined) assertAlone(invocation);
  if (flag(invocation, 'dry-run')) {
    const { dryRun } = await import('./dry-run.ts');
    return dryRun(invocation, await readInputOption(invocation));
  }
  const input = await readInputOption(invocation, resume !== undefined);
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const answer =
    resume !== undefined
      ? await (await import('../engine/resume-run.ts')).resumeRun(home.ports, {
          runId: await resolveRun(home, resume),
          workflowId: argument(invocation, 0),
          ...(input === undefined ? {} : { input }),
          takeOver: false,
          withCurrentDefinition: false,
        })
      : await startRun(home.ports, requestOf(invocation, input ?? ''));
  if (answer.kind === 'detached') await carryOn(invocation, answer.run.runId);
  return printAnswer(invocation, home, answer);
}

/** A resumed run goes on as it was started: what would decide otherwise is refused, never ignored. */
function assertAlone(invocation: Invocation): void {
  const extra = ['force', 'idempotency-key', 'route', 'dry-run', 'detach'].find((name) =>
    invocation.options.has(name),
  );
  if (extra === undefined) return;
  throw usageError('usage', `--resume and --${extra} cannot be combined`, {
    hint: `Leave one of them out: --resume goes on with a run as it was started.`,
  });
}

export function requestOf(invocation: Invocation, input: string) {
  const key = option(invocation, 'idempotency-key');
  const route = option(invocation, 'route');
  return {
    workflowId: argument(invocation, 0),
    input,
    ...(key === undefined ? {} : { key }),
    force: flag(invocation, 'force'),
    ...(route === undefined ? {} : { route }),
    detach: flag(invocation, 'detach'),
  };
}

/** Room for surrounding white space, which intake trims before it measures. */
const READ_LIMIT_BYTES = MAX_INPUT_BYTES * 2;

async function readInputOption(invocation: Invocation, optional = false): Promise<string | undefined> {
  const text = option(invocation, 'input');
  const file = option(invocation, 'input-file');
  if (text !== undefined && file !== undefined) {
    throw usageError('usage', '--input and --input-file cannot be combined', { hint: 'Give one of them.' });
  }
  if (text === '-' || file === '-') return invocation.io.readStdin(READ_LIMIT_BYTES);
  if (text !== undefined) {
    // The shell hands over bytes; what is not UTF-8 arrives as U+FFFD and would silently be another task.
    if (text.includes('\uFFFD'))
      throw usageError('input-encoding', '--input is not valid UTF-8', {
        hint: 'Save the task as a UTF-8 file and use --input-file.',
      });
    return text;
  }
  if (file !== undefined) return readTextFile(file, READ_LIMIT_BYTES);
  if (optional) return undefined;
  throw usageError('usage', 'no task was given', {
    hint: 'Give one: --input "…", --input-file FILE or --input -',
  });
}

/** @throws {WfError} exit 2 for a file that is missing, too large or not UTF-8 */
export function readTextFile(file: string, limitBytes: number): string {
  try {
    const { size } = fs.statSync(file);
    if (size > limitBytes) {
      throw usageError('input-too-large', `${file} is ${size} bytes; the limit is ${limitBytes}`, {
        hint: 'Name the file in the task instead.',
      });
    }
    return decodeUtf8(fs.readFileSync(file), file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof code !== 'string' || !code.startsWith('E')) throw error;
    throw usageError(
      'input-file',
      `cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`,
      { where: file, hint: 'Check the path.', cause: error },
    );
  }
}

type Watch = {
  readonly interrupts: Interrupts;
  readonly onProgress: (events: readonly DecidedEvent[], state: RunState) => void;
  opened(home: OpenHome): void;
};

/** Shows a run while it is at work, for every verb that may carry one on. */
export function watch(invocation: Invocation): Watch {
  const { io, env } = invocation;
  const interrupts = processInterrupts(() =>
    io.err('\nstopping: what is at work may finish (10 s); Ctrl-C again ends it\n'),
  );
  if (invocation.json) return { interrupts, onProgress: () => undefined, opened: () => undefined };
  let home: OpenHome | null = null;
  let headed = false;
  return {
    interrupts,
    opened: (opened) => {
      home = opened;
    },
    onProgress: (events, state) => {
      if (!headed) {
        headed = true;
        const where = `home ${tilde(home?.paths.home ?? homeDir(invocation), env)}${home?.created === true ? ' (created)' : ''}`;
        io.err(`run ${state.runId.slice(0, 12)}  ${state.workflowId.padEnd(24)} ${where}\n`);
      }
      const lines = progressLines(events, state);
      if (lines.length > 0) io.err(`${lines.join('\n')}\n`);
    },
  };
}

export function printAnswer(invocation: Invocation, home: OpenHome, answer: Answer): ExitCode {
  const exitCode = exitCodeOf(answer);
  const { io, env } = invocation;
  if (invocation.json) {
    io.out(
      `${JSON.stringify({ schema: 'wf.run/1', answer: answer.kind, exitCode, run: runView(answer.run, home.paths.home) })}\n`,
    );
    return exitCode;
  }
  const text = ending(answer, {
    home: home.paths.home,
    env,
    nowMs: home.ports.clock.now(),
    short: (runId) => shortestUniquePrefix(home.index, runId),
    isLast: lastRunId(home.index) === answer.run.runId,
  });
  io.out(answer.kind === 'reused' || !io.stderrIsTerminal ? text : `\n${text}`);
  return exitCode;
}

/** `--detach`: the run exists; a process of its own carries it on when this one has ended. */
async function carryOn(invocation: Invocation, runId: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const child = spawn(
    process.execPath,
    [`${invocation.packageDir}/dist/wf.cjs`, 'resume', runId, '--home', homeDir(invocation)],
    { detached: true, stdio: 'ignore', env: process.env },
  );
  child.unref();
}
