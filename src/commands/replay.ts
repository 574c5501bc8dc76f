/** `wf replay`: a run folded again from its events alone, state after state. Nothing is performed and nothing is asked. */
import { asRunEvent } from '../engine/load-run.ts';
import { ExitCode, usageError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { evolve } from '../workflow/evolve.ts';
import { noRun } from '../workflow/state.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { wholeNumber } from './number-option.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { looksLikeBundle, type ReplayStep, showStateAt, stepLines } from './replay-steps.ts';
import { runUnknown } from './run-unknown.ts';
import { argument, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const named = argument(invocation, 0);
  if (looksLikeBundle(named)) return (await import('./replay-bundle.ts')).replayFile(invocation);
  const at = wholeNumber(invocation, 'at', 1, Number.MAX_SAFE_INTEGER);
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(invocation, named);
  const runId = await resolveRun(home, named);
  const against = option(invocation, 'against');
  if (against !== undefined) {
    if (at !== undefined)
      throw usageError('replay-both', '--at and --against are two questions', {
        where: '--at',
        hint: 'Ask one of them at a time.',
      });
    const { againstDefinition } = await import('./replay-against.ts');
    return againstDefinition(invocation, home, runId, against);
  }
  const steps: ReplayStep[] = [];
  let state = noRun;
  for await (const event of home.store.read(runStream(runId))) {
    state = evolve(state, asRunEvent(event));
    const { status, current: stage, outcome, waiting } = state;
    const { streamVersion: n, seq, ts, type } = event;
    steps.push({ n, seq, ts, type, status, stage, outcome, waitingFor: waiting?.for ?? null });
    if (n === at) break;
  }
  if (at !== undefined) return showStateAt(invocation, { runId, named: runId, at, steps, state });
  if (invocation.json) printJson(invocation, { schema: 'wf.replay/1', runId, states: steps });
  else {
    const wf = programName(invocation);
    invocation.io.out(
      `${stepLines(runId, steps)}\nThe whole state after one of them: ${wf} replay ${runId} --at N\n`,
    );
  }
  return ExitCode.ok;
}
