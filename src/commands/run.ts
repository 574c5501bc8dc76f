/** `wf run`: work done once. Progress goes to stderr as it is recorded, the ending to stdout. */
import { startRun } from '../engine/start-run.ts';
import { type ExitCode, usageError } from '../errors.ts';
import { homeDir } from './home-dir.ts';
import { openFor, resolveRun } from './home-of.ts';
import { readInputOption, requestOf } from './run-request.ts';
import { argument, flag, type Invocation, option } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

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

/** `--detach`: the run exists; a process of its own carries it on when this one has ended. */
async function carryOn(invocation: Invocation, runId: string): Promise<void> {
  const { warnWithoutServer } = await import('./warn-without-server.ts');
  await warnWithoutServer(invocation);
  const { spawn } = await import('node:child_process');
  const child = spawn(
    process.execPath,
    [`${invocation.packageDir}/dist/wf.cjs`, 'resume', runId, '--home', homeDir(invocation)],
    { detached: true, stdio: 'ignore', env: process.env },
  );
  child.unref();
}
