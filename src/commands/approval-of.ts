/** Finds the approval a person means: its id, a unique prefix, a run's id, or `last` (the newest that waits). */

import { loadState } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { notFoundError } from '../errors.ts';
import { inbox } from '../home/inbox.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import type { Approval, RunState } from '../workflow/state.ts';
import { resolveRun } from './home-of.ts';

export async function approvalOf(
  home: OpenHome,
  text: string,
): Promise<{ readonly run: RunState; readonly approval: Approval }> {
  const run =
    text === 'last' ? await newestWaiting(home) : await loadState(home.ports, await resolveRun(home, text));
  // `A-<run>.2` names the second approval of a run; without a number the one that waits, else the newest.
  const numbered = /^A-[^.]+(\.\d+)$/.exec(text)?.[1];
  const approval =
    numbered === undefined
      ? (run.approvals.findLast((candidate) => candidate.status === 'pending') ?? run.approvals.at(-1))
      : run.approvals.find((candidate) => candidate.approvalId === `A-${run.runId}${numbered}`);
  if (approval === undefined) {
    throw notFoundError('approval-unknown', `run ${run.runId} asks for no approval`, {
      hint: 'What waits for you: wf inbox',
    });
  }
  return { run, approval };
}

async function newestWaiting(home: OpenHome): Promise<RunState> {
  await home.ports.projections.project();
  const newest = inbox(home.index).findLast((item) => item.kind === 'approval');
  if (newest === undefined)
    throw notFoundError('approval-unknown', 'no approval waits', { hint: 'What waits for you: wf inbox' });
  return loadState(home.ports, newest.runId);
}

/** The approval's id with the run's id shortened: what the screen shows and what may be typed. */
export const shortApprovalId = (home: OpenHome, run: RunState, approval: Approval): string =>
  `A-${shortestUniquePrefix(home.index, run.runId)}${approval.approvalId.slice(`A-${run.runId}`.length)}`;
