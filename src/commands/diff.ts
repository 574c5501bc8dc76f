/** `wf diff`: two runs side by side: what was decided, sent and answered, and how long it took. */
import { requireRun } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { readText } from '../engine/texts.ts';
import { ExitCode } from '../errors.ts';
import type { Text } from '../events/envelope.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { type DiffSide, diffRuns } from '../projections/diff/run-diff.ts';
import { taskOf } from '../workflow/state.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { diffScreen } from './render/diff-text.ts';
import { printJson } from './render/list.ts';
import { runUnknown } from './run-unknown.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(invocation, argument(invocation, 0));
  const a = await sideOf(home, argument(invocation, 0));
  const b = await sideOf(home, argument(invocation, 1));
  const diff = diffRuns(a, b);
  if (invocation.json) {
    printJson(invocation, { schema: 'wf.diff/1', a: a.run.runId, b: b.run.runId, ...diff });
  } else {
    const short = (side: DiffSide): string => shortestUniquePrefix(home.index, side.run.runId);
    invocation.io.out(diffScreen(short(a), short(b), diff));
  }
  return ExitCode.ok;
}

async function sideOf(home: OpenHome, named: string): Promise<DiffSide> {
  const run = await requireRun(home.ports, await resolveRun(home, named));
  const { blobs } = home.ports;
  const messages = new Map<string, string>();
  const answers = new Map<string, string>();
  // The newest attempt of a step comes last, and stays.
  for (const { step, preview, report, stdout } of run.effects) {
    messages.set(step, await readText(blobs, preview));
    const answer: Text | undefined = report?.text ?? stdout;
    if (answer === undefined) answers.delete(step);
    else answers.set(step, await readText(blobs, answer));
  }
  return { run, task: await readText(blobs, taskOf(run)), messages, answers };
}
