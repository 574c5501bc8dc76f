/** `wf resume`: a run goes on where it stopped. */
import { resumeRun } from '../engine/resume-run.ts';
import type { ExitCode } from '../errors.ts';
import { openFor, resolveRun } from './home-of.ts';
import { readInputOption } from './run-request.ts';
import { argument, flag, type Invocation } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const input = await readInputOption(invocation, true);
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const answer = await resumeRun(home.ports, {
    runId: await resolveRun(home, argument(invocation, 0)),
    ...(input === undefined ? {} : { input }),
    takeOver: flag(invocation, 'take-over'),
    withCurrentDefinition: flag(invocation, 'with-current-definition'),
  });
  return printAnswer(invocation, home, answer);
}
