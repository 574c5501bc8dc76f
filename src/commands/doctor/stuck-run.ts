/** Whether a run stands still, judged from its state in the log and from what its process is doing now. */
import { livingChild } from '../../effects/child-alive.ts';
import { readProcess } from '../../effects/process-table.ts';
import { scratchDir } from '../../effects/scratch.ts';
import { contextOf } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { pauseOf } from '../../engine/pause-gate.ts';
import { shortestUniquePrefix } from '../../home/read-model.ts';
import { continueReason, waitIsOver } from '../../workflow/continue-reason.ts';
import type { RunState } from '../../workflow/state.ts';
import { duration } from '../render/text.ts';
import type { FindingId } from './finding-kinds.ts';

const LONG_WAIT_MS = 7 * 86_400_000;
const LONG_CHILD_MS = 86_400_000;
/** Between a person's answer and the lease of the process that goes on, and between a wake-up and its act. */
const SOON_MS = 60_000;

export type Stuck = {
  readonly id: FindingId;
  readonly severity: 'warning' | 'problem';
  readonly message: string;
  readonly fix: string;
};

/** Null when it is at its end, at work, or waits as it should. */
export async function stuckRun(nowMs: number, home: OpenHome, state: RunState): Promise<Stuck | null> {
  if (state.status !== 'running' && state.status !== 'waiting' && !(await isReported(home, state)))
    return null;
  const { lease, waiting } = state;
  const short = shortestUniquePrefix(home.index, state.runId);
  const run = `run ${short} of ${state.workflowId}`;
  const sinceMs = (iso: string): number => nowMs - Date.parse(iso);
  if (lease === null) {
    if (state.status !== 'waiting' || waitIsOver(state) !== null)
      return sinceMs(state.updatedAt) < SOON_MS
        ? null
        : {
            id: 'run-unowned',
            severity: 'warning',
            message: `${run} may go on, and nobody works on it`,
            fix: `Go on: wf resume ${short}`,
          };
    const lapsed = lapsedAt(state);
    if (lapsed !== null && sinceMs(lapsed) > SOON_MS)
      return {
        id: 'approval-expired',
        severity: 'warning',
        message: `${run} waits for an approval that could be given until ${lapsed}`,
        fix: `Let it go on without: wf resume ${short}`,
      };
    if (waiting === null || waiting.for === 'retry' || sinceMs(waiting.since) < LONG_WAIT_MS) return null;
    return {
      id: 'run-waits-long',
      severity: 'warning',
      message: `${run} has waited ${duration(sinceMs(waiting.since))} (${waiting.for})`,
      fix: `See what for: wf inbox    Give it up: wf cancel ${short}`,
    };
  }
  const child = childOf(home, state);
  if (home.ports.ownership.stateOf(lease.owner) === 'gone') {
    // Stopped as it was asked to be; the pause has a finding of its own.
    if (child === null && (await pauseOf(home.ports, state.workflowId)) !== null) return null;
    const works = child === null ? '' : `; what it had started (process ${child.pid}) still works`;
    return {
      id: 'run-orphaned',
      severity: 'problem',
      message: `${run} is ${state.status}, and the process that worked on it is gone${works}`,
      fix: `Go on where it stopped: wf resume ${short}`,
    };
  }
  // What another machine's process does cannot be seen from here.
  if (home.ports.ownership.stateOf(lease.owner) !== 'alive') return null;
  const { pid } = lease.owner;
  if (readProcess(pid)?.stopped === true)
    return {
      id: 'run-stopped',
      severity: 'problem',
      message: `${run} is worked on by process ${pid}, which is stopped`,
      fix: `Let it go on: kill -CONT ${pid}   or end it, then go on: kill -9 ${pid}; wf resume ${short}`,
    };
  if (waiting?.for === 'retry' && sinceMs(waiting.until) > SOON_MS)
    return {
      id: 'run-overdue',
      severity: 'warning',
      message: `the next attempt of ${run} was due ${duration(sinceMs(waiting.until))} ago; process ${pid} has not begun it`,
      fix: `See what the process does: ps -p ${pid}   End it, then go on: kill ${pid}; wf resume ${short}`,
    };
  return child === null || sinceMs(child.since) < LONG_CHILD_MS
    ? null
    : {
        id: 'child-long',
        severity: 'warning',
        message: `step ${child.step} of ${run} has been at work for ${duration(sinceMs(child.since))} (process ${child.pid})`,
        fix: `See what it does: ps -p ${child.pid}   If it hangs, end it: kill ${child.pid}`,
      };
}

/** Handed over, and what was handed over has come back: the engine's own rule. */
async function isReported(home: OpenHome, state: RunState): Promise<boolean> {
  if (state.status !== 'handed_off') return false;
  return continueReason(await contextOf(home.ports, state), state) !== null;
}

/** When the approval that is waited for lapsed; null while somebody may still give it. */
function lapsedAt({ waiting, approvals }: RunState): string | null {
  const approval = approvals.find(
    ({ approvalId }) => waiting?.for === 'approval' && approvalId === waiting.id,
  );
  return approval?.status === 'pending' ? (approval.expiresAt ?? null) : null;
}

/** Of the act that is under way, where there is one on this machine. */
function childOf(
  home: OpenHome,
  state: RunState,
): { readonly pid: number; readonly step: string; readonly since: string } | null {
  const effect = state.effects.findLast(({ status }) => status === 'intended');
  if (effect === undefined) return null;
  const child = livingChild(scratchDir(home.paths.home, effect.effectId), effect.key);
  return child === null ? null : { pid: child.pid, step: effect.step, since: effect.intendedAt };
}
