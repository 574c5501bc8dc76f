/** Runs that nobody works on any more, whose worker does nothing, or that have waited for very long. */
import { livingChild } from '../../effects/child-alive.ts';
import { readProcess } from '../../effects/process-table.ts';
import { scratchDir } from '../../effects/scratch.ts';
import { loadState } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { listRuns, shortestUniquePrefix } from '../../home/read-model.ts';
import { waitIsOver } from '../../workflow/continue-reason.ts';
import type { RunState } from '../../workflow/state.ts';
import { duration } from '../render/text.ts';
import type { Exam } from './exam.ts';
import type { FindingId } from './finding-kinds.ts';
import { plural } from './findings.ts';

/** Each is read from the log; more are looked at when these have come to rest. */
const LOOKED_AT = 1000;
const LONG_WAIT_MS = 7 * 86_400_000;
const LONG_CHILD_MS = 86_400_000;
/** Between a person's answer and the lease of the process that goes on, and between a wake-up and its act. */
const SOON_MS = 60_000;

export async function checkRuns(exam: Exam): Promise<void> {
  const { findings, progress } = exam;
  const home = await exam.open();
  await home.ports.projections.project();
  const live = [
    ...listRuns(home.index, { status: 'running', limit: LOOKED_AT }),
    ...listRuns(home.index, { status: 'waiting', limit: LOOKED_AT }),
  ];
  let stuck = 0;
  for (const [i, { runId }] of live.entries()) {
    progress.step('runs', i / live.length);
    const wrong = await lookAgain(exam, home, runId);
    if (wrong === null) continue;
    stuck += 1;
    await findings.add({ ...wrong, where: runId });
  }
  if (stuck > 0) return;
  const n = live.length;
  const message = n === 0 ? 'no run is under way' : `${plural(n, 'run')} under way, none is stuck`;
  await findings.add({ id: 'runs', severity: 'ok', message });
}

type Stuck = {
  readonly id: FindingId;
  readonly severity: 'warning' | 'problem';
  readonly message: string;
  readonly fix: string;
};

/** A run may go on, and its process end, while it is looked at: only what still stands afterwards is told. */
async function lookAgain(exam: Exam, home: OpenHome, runId: string): Promise<Stuck | null> {
  for (;;) {
    const state = await loadState(home.ports, runId);
    const wrong = whatIsWrong(exam, home, state);
    if (wrong === null || (await loadState(home.ports, runId)).version === state.version) return wrong;
  }
}

function whatIsWrong({ now }: Exam, home: OpenHome, state: RunState): Stuck | null {
  if (state.status !== 'running' && state.status !== 'waiting') return null;
  const { lease, waiting } = state;
  const short = shortestUniquePrefix(home.index, state.runId);
  const run = `run ${short} of ${state.workflowId}`;
  const sinceMs = (iso: string): number => now() - Date.parse(iso);
  if (lease === null) {
    if (state.status === 'running' || waitIsOver(state) !== null)
      return sinceMs(state.updatedAt) < SOON_MS
        ? null
        : {
            id: 'run-unowned',
            severity: 'warning',
            message: `${run} may go on, and nobody works on it`,
            fix: `Go on: wf resume ${short}`,
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
