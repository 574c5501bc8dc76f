/** `wf erase`: the texts of one run go from the log and from the home, for good; asked for on the terminal first. */
import { assertErasable, type Erased, eraseRun } from '../engine/erase-run.ts';
import { requireRun } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, usageError } from '../errors.ts';
import { previewOf } from '../events/envelope.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { type RunState, taskOf } from '../workflow/state.ts';
import { askOnTerminal } from './ask-terminal.ts';
import { openFor, resolveRun } from './home-of.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { absolute, tilde } from './render/paths.ts';
import { oneLine } from './render/text.ts';
import { argument, flag, type Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openFor(invocation);
  const runId = await resolveRun(home, argument(invocation, 0));
  const state = await requireRun(home.ports, runId);
  const by = invocation.env.USER ?? 'user';
  const artifacts = flag(invocation, 'artifacts');
  // Refused before anybody is asked.
  assertErasable(state, by);
  // Erased before: what a crash left is finished, and there is nothing to agree to.
  if (state.erased === null && !flag(invocation, 'yes')) confirm(invocation, home, state, artifacts);
  const erased = await eraseRun(home, runId, { by, artifacts });
  const stays = whatStays(home, erased);
  if (invocation.json) printJson(invocation, erasedView(home, erased, stays));
  else invocation.io.out(erasedText(invocation, home, erased, stays));
  return ExitCode.ok;
}

function confirm(invocation: Invocation, home: OpenHome, run: RunState, artifacts: boolean): void {
  const short = shortestUniquePrefix(home.index, run.runId);
  const folder = `${home.paths.artifacts}/${run.runId}`;
  const files = !fs.existsSync(folder)
    ? ''
    : artifacts
      ? `  its files    ${tilde(folder, invocation.env)} goes too, with everything in it\n`
      : `  its files    ${tilde(folder, invocation.env)} stays; --artifacts removes it\n`;
  const reports = run.status === 'handed_off' ? '  its work     nobody can report it any more\n' : '';
  const typed = askOnTerminal(
    `Erase run ${short} of ${run.workflowId} (${run.status})?\n` +
      `  the task     ${oneLine(previewOf(taskOf(run)), 100)}\n${reports}${files}` +
      `Its texts go from the log and from the home, for good; that it was there stays.\n` +
      `Type the run's id (${short}) to erase it: `,
    'Run the same command yourself in a terminal, or say yes beforehand with --yes.',
  );
  if (typed !== short && typed !== run.runId) {
    throw usageError('not-confirmed', 'that is not the id of the run: nothing was erased', {
      hint: `Try again: ${programName(invocation)} erase ${short}`,
    });
  }
}

/** Told every time: nobody should believe that more is gone than is. */
function whatStays(home: OpenHome, { run, artifacts, blobs, copiesKept }: Erased): readonly string[] {
  const feedback =
    home.index.get<{ n: number }>('SELECT count(*) AS n FROM feedback WHERE runId = ?', run.runId)?.n ?? 0;
  return [
    'its id, workflow, key, route, status and times, which keep the work done once; the kinds and times of its events',
    'the SHA-256 of its input, with which a guess of a short input can be tested',
    ...(feedback === 0
      ? []
      : [`${feedback} piece${feedback === 1 ? '' : 's'} of feedback about it: they belong to the workflow`]),
    ...(blobs.shared === 0 ? [] : [`${blobs.shared} long values that other runs have too`]),
    ...copiesKept.map((copy) => `${absolute(home.paths.home, copy)}: no place that config.json allows`),
    ...(artifacts === null ? [] : [`${artifacts}: what its work put there`]),
    'backups and copies that were made before, and what its programs sent or wrote elsewhere',
  ];
}

const erasedView = (home: OpenHome, erased: Erased, stays: readonly string[]) => ({
  schema: 'wf.erase/1' as const,
  runId: erased.run.runId,
  workflowId: erased.run.workflowId,
  status: erased.run.status,
  idempotencyKey: erased.run.key,
  erasedAt: erased.run.erased?.at,
  events: erased.events,
  blobs: erased.blobs,
  removed: erased.removed.map((path) => `${home.paths.home}/${path}`),
  artifacts: erased.artifacts,
  stays,
});

function erasedText(
  invocation: Invocation,
  home: OpenHome,
  { run, events, blobs, removed }: Erased,
  stays: readonly string[],
): string {
  const short = shortestUniquePrefix(home.index, run.runId);
  const lines = [
    `■ run ${short} is erased.`,
    `  gone      the data of ${events} events, its summary, briefs and copies, ${blobs.removed} long value${blobs.removed === 1 ? '' : 's'}`,
    ...removed.map((path) => `            ${tilde(`${home.paths.home}/${path}`, invocation.env)}`),
    ...stays.map((what, i) => `  ${i === 0 ? 'stays' : '     '}     ${tilde(what, invocation.env)}`),
  ];
  const wf = programName(invocation);
  return `${lines.join('\n')}\n\nThe same request is still answered with it: ${wf} show ${short}\nThe log still verifies: ${wf} log verify\n`;
}
