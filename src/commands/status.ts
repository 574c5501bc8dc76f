/** Bare `wf`: what runs now, what waits for you and with which commands it goes on, and the last runs. */
import { systemClock } from '../effects/clock.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode } from '../errors.ts';
import { listRuns, statusCounts } from '../home/read-model.ts';
import { pauseRows } from '../home/standing-rows.ts';
import type { RunStatus } from '../workflow/state.ts';
import { homeDir } from './home-dir.ts';
import { openToRead } from './home-of.ts';
import { programName } from './program-name.ts';
import { inboxText, inboxViews } from './render/inbox-item.ts';
import { printJson } from './render/list.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { tilde } from './render/paths.ts';
import { pausedLines } from './render/paused-lines.ts';
import { runItem, runTable } from './render/run-item.ts';
import { statusWord } from './render/status-mark.ts';
import type { Invocation } from './verb.ts';

const ORDER: readonly RunStatus[] = ['running', 'waiting', 'handed_off', 'completed', 'failed', 'cancelled'];
const SHOWN_RUNNING = 10;
const SHOWN_INBOX = 5;
const SHOWN_LAST = 5;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openToRead(invocation);
  if (invocation.json) printJson(invocation, statusView(invocation, home));
  else invocation.io.out(home === null ? nothingYet(invocation) : statusText(invocation, home));
  return ExitCode.ok;
}

function factsOf(home: OpenHome, wf: string) {
  const counted = statusCounts(home.index);
  return {
    counts: ORDER.map((status) => [status, counted.get(status) ?? 0] as const),
    running: listRuns(home.index, { status: 'running', limit: SHOWN_RUNNING }),
    inbox: inboxViews(home.index, home.paths.home, wf),
    paused: pauseRows(home.index),
    last: listRuns(home.index, { limit: SHOWN_LAST }),
  };
}

function statusView(invocation: Invocation, home: OpenHome | null) {
  const facts = home === null ? null : factsOf(home, programName(invocation));
  return {
    schema: 'wf.status/1' as const,
    home: homeDir(invocation),
    exists: home !== null,
    counts: Object.fromEntries(facts?.counts ?? ORDER.map((status) => [status, 0])),
    running: facts?.running.map(runItem) ?? [],
    inbox: facts?.inbox ?? [],
    paused: facts?.paused ?? [],
    last: facts?.last.map(runItem) ?? [],
  };
}

function statusText(invocation: Invocation, home: OpenHome): string {
  const { env } = invocation;
  const wf = programName(invocation);
  const { counts, running, inbox, paused, last } = factsOf(home, wf);
  if (last.length === 0) return pausedLines(paused, wf) + nothingYet(invocation);
  const nowMs = systemClock.now();
  const some = counts.filter(([, n]) => n > 0).map(([status, n]) => `${n} ${statusWord(status)}`);
  const parts = [`${some.join(', ')}   home ${tilde(home.paths.home, env)}\n`];
  if (paused.length > 0) parts.push(pausedLines(paused, wf));
  if (running.length > 0) parts.push(`Runs now\n${runTable(home.index, running, nowMs)}`);
  if (inbox.length > 0) {
    const more = inbox.length - SHOWN_INBOX;
    const rest = more > 0 ? `\nand ${more} more: ${wf} inbox\n` : '';
    parts.push(
      `Waits for you (${inbox.length})\n${inboxText(inbox.slice(0, SHOWN_INBOX), { env, nowMs })}${rest}`,
    );
  }
  parts.push(`Last runs\n${runTable(home.index, last, nowMs)}`);
  parts.push(`Look closer: ${wf} show last\n`);
  return parts.join('\n');
}
