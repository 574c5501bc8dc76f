/** `wf feedback list`: what was said, newest first. */
import { ExitCode } from '../errors.ts';
import { feedback } from '../home/read-model.ts';
import { openToRead } from './home-of.ts';
import { limitOf } from './number-option.ts';
import { programName } from './program-name.ts';
import { listView, printJson } from './render/list.ts';
import { minute, oneLine, safe, table } from './render/text.ts';
import { type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const limit = limitOf(invocation);
  const workflowId = option(invocation, 'workflow');
  const home = await openToRead(invocation);
  const filter = { limit, ...(workflowId === undefined ? {} : { workflowId }) };
  const items = home === null ? [] : feedback(home.index, filter).map(view);
  if (invocation.json) {
    printJson(invocation, listView('feedback', items));
  } else if (items.length === 0) {
    io.out(
      `There is no feedback${workflowId === undefined ? '' : ` on ${safe(workflowId)}`} yet.\n\n` +
        `Give some:  ${programName(invocation)} feedback submit --run-id last --score 1-5 --feedback "…"\n`,
    );
  } else {
    io.out(
      table([
        ['when (UTC)', 'score', 'workflow', 'run', 'feedback'],
        ...items.map((item) => [
          minute(item.ts),
          `${item.score} of 5`,
          safe(item.workflowId),
          item.runId === null ? '-' : safe(item.runId),
          oneLine(item.feedback, 100),
        ]),
      ]),
    );
  }
  return ExitCode.ok;
}

type Row = ReturnType<typeof feedback>[number];

/** The same names as in `wf.feedback/1`. */
const view = ({ feedbackId, at, workflowId, runId, score, text, by }: Row) => ({
  feedbackId,
  ts: at,
  workflowId,
  runId: runId ?? null,
  score,
  feedback: text,
  by,
});
