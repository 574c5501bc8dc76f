/** `wf feedback submit`: a score and a sentence, kept for the next analysis. */
import { type SubmittedFeedback, submitFeedback } from '../engine/submit-feedback.ts';
import { ExitCode, usageError } from '../errors.ts';
import { openFor, resolveRun } from './home-of.ts';
import { programName } from './program-name.ts';
import { oneLine } from './render/text.ts';
import { type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const entry = await submit(invocation);
  const { io } = invocation;
  if (invocation.json) io.out(`${JSON.stringify({ schema: 'wf.feedback/1', entry })}\n`);
  else io.out(submittedText(entry, programName(invocation)));
  return ExitCode.ok;
}

/** What both command lines do, from the same options. */
export async function submit(invocation: Invocation): Promise<SubmittedFeedback> {
  const score = option(invocation, 'score');
  const text = option(invocation, 'feedback');
  const workflowId = option(invocation, 'workflow-id');
  const named = option(invocation, 'run-id');
  if (score === undefined) throw missing('--score', 'a whole number from 1 (bad) to 5 (good)');
  if (text === undefined) throw missing('--feedback', 'what was good or bad, in words');
  if (workflowId === undefined && named === undefined)
    throw missing('--workflow-id', 'or --run-id: what it is about');
  const home = await openFor(invocation);
  const runId = named === undefined ? undefined : await resolveRun(home, named);
  const places = { home: home.paths.home, bundledDir: home.bundledDir };
  return submitFeedback(
    { ports: home.ports, places },
    {
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(runId === undefined ? {} : { runId }),
      score,
      text,
      by: invocation.env.USER ?? 'user',
    },
  );
}

const missing = (flag: string, what: string): Error =>
  usageError('usage', `${flag} is missing: ${what}`, { where: flag, hint: 'See: wf feedback submit --help' });

function submittedText({ workflowId, runId, score, feedback }: SubmittedFeedback, wf: string): string {
  const about = runId === null ? workflowId : `${workflowId}, run ${runId}`;
  return (
    `● feedback recorded: ${score} of 5 for ${about}\n  "${oneLine(feedback, 200)}"\n\n` +
    `See what it leads to:  ${wf} feedback improve --workflow-id ${workflowId}\n`
  );
}
