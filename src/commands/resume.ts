/** `wf resume`: a run goes on where it stopped. */
import { resumeRun } from '../engine/resume-run.ts';
import type { ExitCode } from '../errors.ts';
import { openFor, resolveRun } from './home-of.ts';
import { argument, flag, type Invocation, option } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const input = option(invocation, 'input');
  const answer = await resumeRun(home.ports, {
    runId: await resolveRun(home, argument(invocation, 0)),
    ...(input === undefined ? {} : { input }),
    takeOver: flag(invocation, 'take-over'),
    withCurrentDefinition: flag(invocation, 'with-current-definition'),
  });
  return printAnswer(invocation, home, answer);
}
