/**
 * `wf runs --watch`: the list as it changes. On a terminal it is one picture; elsewhere a line for each run that
 * begins, stops or ends. It reads what the log has and never writes to it.
 */
import { systemClock } from '../effects/clock.ts';
import { processInterrupts } from '../engine/interrupts.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, usageError } from '../errors.ts';
import { IN_MEMORY } from '../home/index-db.ts';
import { listRuns, type RunFilter, statusCounts } from '../home/read-model.ts';
import { newestRunSeq, runsBetween } from '../home/run-changes.ts';
import type { RunRow } from '../projections/run-row.ts';
import { openToRead } from './home-of.ts';
import { programName } from './program-name.ts';
import { openFullScreen } from './render/full-screen.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { tilde } from './render/paths.ts';
import { runTable } from './render/run-item.ts';
import { statusText } from './render/status-mark.ts';
import { oneLine, safe } from './render/text.ts';
import type { Invocation } from './verb.ts';

const POLL_MS = 250;
/** Rows of the screen that are none of runs: a line above, a line below, and a free one beside each. */
const OTHER_ROWS = 4;
const TASK_COLUMNS = 60;
const AT_REST: ReadonlySet<string> = new Set(['completed', 'handed_off', 'failed', 'cancelled']);

export async function watchRuns(invocation: Invocation, filter: RunFilter): Promise<ExitCode> {
  if (invocation.json)
    throw usageError('usage', '--watch and --json cannot be combined', {
      hint: 'What changes, for a program: wf events --follow --json',
    });
  const stop = new AbortController();
  processInterrupts(() => stop.abort());
  const { io, env } = invocation;
  if (io.stdoutIsTerminal && env.TERM !== 'dumb') await onScreen(invocation, filter, stop);
  else await asLines(invocation, filter, stop);
  return ExitCode.ok;
}

async function onScreen(invocation: Invocation, filter: RunFilter, stop: AbortController): Promise<void> {
  const { io, env } = invocation;
  let home: OpenHome | null = null;
  const draw = (): void => {
    if (home === null) {
      screen.show([...nothingYet(invocation).split('\n'), 'q quits']);
      return;
    }
    const limit = Math.max(1, Math.min(filter.limit, screen.rows() - OTHER_ROWS));
    const rows = listRuns(home.index, { ...filter, limit });
    const counts = [...statusCounts(home.index)].map(([status, n]) => `${n} ${status.replace('_', ' ')}`);
    screen.show([
      `${counts.join(', ')}   home ${tilde(home.paths.home, env)}`,
      '',
      ...(rows.length === 0
        ? ['No run fits.']
        : runTable(home.index, rows, systemClock.now()).split('\n').slice(0, -1)),
      '',
      `q quits   look closer: ${programName(invocation)} show RUN`,
    ]);
  };
  const screen = openFullScreen(io, () => stop.abort(), draw);
  try {
    await whileWatching(invocation, stop, (now) => {
      home = now;
      draw();
    });
  } finally {
    screen.close();
  }
}

async function asLines(invocation: Invocation, filter: RunFilter, stop: AbortController): Promise<void> {
  const { io } = invocation;
  /** What was said last of runs that somebody or something is still at. */
  const said = new Map<string, string>();
  let after: number | null = null;
  await whileWatching(invocation, stop, (home) => {
    if (home === null) return;
    const until = newestRunSeq(home.index);
    const rows =
      after === null
        ? listRuns(home.index, filter)
            .filter(({ lastSeq }) => lastSeq <= until)
            .toReversed()
        : runsBetween(home.index, after, until).filter((row) => fits(row, filter));
    after = until;
    for (const row of rows) {
      const status = statusText(row.status, row.waitingFor);
      if (said.get(row.runId) === status) continue;
      if (AT_REST.has(row.status)) said.delete(row.runId);
      else said.set(row.runId, status);
      io.out(
        `${row.updatedAt.slice(0, 19).replace('T', ' ')} UTC  ${safe(row.runId)}  ${status}  ${safe(row.workflowId)}  ${oneLine(row.task, TASK_COLUMNS)}\n`,
      );
    }
    if (io.isOutputClosed?.() === true) stop.abort();
  });
}

const fits = (row: RunRow, { status, workflow, route, since }: RunFilter): boolean =>
  (status === undefined || row.status === status) &&
  (workflow === undefined || row.workflowId === workflow) &&
  (route === undefined || row.route === route) &&
  (since === undefined || row.createdAt >= since);

/** @param see is shown the home with its rows brought up to the log's end; null = there is none yet */
async function whileWatching(
  invocation: Invocation,
  stop: AbortController,
  see: (home: OpenHome | null) => void,
): Promise<void> {
  let home: OpenHome | null = null;
  let head = 0;
  while (!stop.signal.aborted) {
    const now: number = (await home?.store.head())?.seq ?? 0;
    if (home === null || (now !== head && home.index.path === IN_MEMORY)) home = await openToRead(invocation);
    else if (now !== head) await home.ports.projections.project();
    head = now;
    see(home);
    await systemClock.sleep(POLL_MS, stop.signal);
  }
}
