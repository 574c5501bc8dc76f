/** Shows a run while it is at work and how it ended: the same for every verb that may carry one on. */
import { type Answer, exitCodeOf } from '../engine/answer.ts';
import { processInterrupts } from '../engine/interrupts.ts';
import type { OpenHome } from '../engine/open-home.ts';
import type { Interrupts, OnProgress } from '../engine/ports.ts';
import type { UntouchedTask } from '../engine/untouched-task.ts';
import type { ExitCode } from '../errors.ts';
import { lastRunId, shortestUniquePrefix } from '../home/read-model.ts';
import type { RunState } from '../workflow/state.ts';
import { homeDir } from './home-dir.ts';
import { programName } from './program-name.ts';
import { ending } from './render/ending.ts';
import { tilde } from './render/paths.ts';
import { progressLines } from './render/progress.ts';
import { runView } from './render/run-view.ts';
import type { Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

type Watch = {
  readonly interrupts: Interrupts;
  readonly onProgress: OnProgress;
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
  let run: RunState | null = null;
  if (io.stderrIsTerminal && env.TERM !== 'dumb')
    import('./live-run.ts').then(({ liveRun }) => liveRun(invocation, () => ({ run, home })));
  return {
    interrupts,
    opened: (opened) => {
      home = opened;
    },
    onProgress: (events, state, definition) => {
      if (run === null) {
        const where = `home ${tilde(home?.paths.home ?? homeDir(invocation), env)}${home?.created === true ? ' (created)' : ''}`;
        io.err(`run ${state.runId.slice(0, 12)}  ${state.workflowId.padEnd(24)} ${where}\n`);
      }
      run = state;
      const lines = progressLines(events, state, definition);
      if (lines.length > 0) io.err(`${lines.join('\n')}\n`);
    },
  };
}

export async function printAnswer(invocation: Invocation, home: OpenHome, answer: Answer): Promise<ExitCode> {
  const exitCode = exitCodeOf(answer);
  const { io, env } = invocation;
  if (invocation.json) {
    const view = runView(answer.run, home.paths.home);
    const summaryKept = view.summaryFile !== null && fs.existsSync(view.summaryFile);
    const run = { ...view, summaryKept };
    const { kind, told } = answer;
    io.out(`${JSON.stringify({ schema: 'wf.run/1', answer: kind, exitCode, run, told })}\n`);
    return exitCode;
  }
  const task = answer.run.status === 'handed_off' ? await queued(home, answer.run) : undefined;
  const text = await ending(answer, {
    home: home.paths.home,
    env,
    nowMs: home.ports.clock.now(),
    short: (runId) => shortestUniquePrefix(home.index, runId),
    exists: fs.existsSync,
    isLast: lastRunId(home.index) === answer.run.runId,
    wf: programName(invocation),
    ...(answer.told === undefined ? {} : { told: answer.told }),
    ...(task === undefined ? {} : { task }),
  });
  io.out(answer.kind === 'reused' || !io.stderrIsTerminal ? text : `\n${text}`);
  return exitCode;
}

const queued = async (home: OpenHome, run: RunState): Promise<UntouchedTask | undefined> =>
  (await import('../engine/untouched-task.ts')).untouchedTaskOf(home.ports, run);
