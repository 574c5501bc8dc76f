/** `wf cancel`: stops a run for good and ends what is at work for it. */
import { cancelRun } from '../engine/outside-commands.ts';
import { ExitCode } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { openFor, resolveRun } from './home-of.ts';
import { programName } from './program-name.ts';
import { redactedReason } from './reason.ts';
import { runView } from './render/run-view.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openFor(invocation);
  const runId = await resolveRun(home, argument(invocation, 0));
  const state = await cancelRun(home.ports, runId, 'user', redactedReason(invocation, home));
  if (invocation.json) {
    const view = runView(state, home.paths.home);
    invocation.io.out(`${JSON.stringify({ schema: 'wf.run/1', answer: 'ended', exitCode: 0, run: view })}\n`);
    return ExitCode.ok;
  }
  const wf = programName(invocation);
  const short = shortestUniquePrefix(home.index, runId);
  const doubt = state.effects.some((effect) => effect.status === 'intended' || effect.status === 'unknown');
  invocation.io.out(
    `■ run ${short} is cancelled.${doubt ? ' What was at work was ended; it may have had part of its effect.' : ''}\n\n` +
      `Look: ${wf} show ${short}      Go on after all: ${wf} resume ${short}\n`,
  );
  return ExitCode.ok;
}
