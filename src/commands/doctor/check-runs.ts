/** Runs that nobody works on any more, waits that have grown old, and scratch of effects that are over. */
import { pidExists } from '../../effects/process-table.ts';
import { removeScratch } from '../../effects/scratch.ts';
import { loadState } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { WORKFLOW_ID_PATTERN } from '../../home/definitions.ts';
import { listRuns, shortestUniquePrefix } from '../../home/read-model.ts';
import type { RunRow } from '../../projections/run-row.ts';
import type { RunState } from '../../workflow/state.ts';
import type { Findings } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

const LOOKED_AT = 1000;
const LONG_WAIT_MS = 7 * 86_400_000;

export async function checkRuns(findings: Findings, home: OpenHome): Promise<void> {
  const live = [
    ...listRuns(home.index, { status: 'running', limit: LOOKED_AT }),
    ...listRuns(home.index, { status: 'waiting', limit: LOOKED_AT }),
  ];
  let stuck = 0;
  for (const row of live) {
    const state = await loadState(home.ports, row.runId);
    if (await checkRun(findings, home, row, state)) stuck += 1;
  }
  if (stuck === 0) {
    const n = live.length;
    await findings.add({
      id: 'runs',
      severity: 'ok',
      message: n === 0 ? 'no run is under way' : `${n} run${n === 1 ? '' : 's'} under way, none is stuck`,
    });
  }
}

async function checkRun(findings: Findings, home: OpenHome, row: RunRow, state: RunState): Promise<boolean> {
  const short = shortestUniquePrefix(home.index, row.runId);
  const { lease, waiting } = state;
  if (lease !== null && home.ports.ownership.stateOf(lease.owner) === 'gone') {
    await findings.add({
      id: 'run-orphaned',
      severity: 'problem',
      message: `run ${short} of ${row.workflowId} is ${row.status}, and the process that worked on it is gone`,
      where: row.runId,
      fix: `Go on where it stopped: wf resume ${short}`,
    });
    return true;
  }
  if (state.status === 'running' && lease === null) {
    await findings.add({
      id: 'run-unowned',
      severity: 'warning',
      message: `run ${short} of ${row.workflowId} may go on, and nobody works on it`,
      where: row.runId,
      fix: `Go on: wf resume ${short}`,
    });
    return true;
  }
  const waitedMs = waiting === null ? 0 : home.ports.clock.now() - Date.parse(waiting.since);
  if (waiting === null || waiting.for === 'retry' || waitedMs < LONG_WAIT_MS) return false;
  await findings.add({
    id: 'run-waits-long',
    severity: 'warning',
    message: `run ${short} of ${row.workflowId} has waited ${Math.floor(waitedMs / 86_400_000)} days (${waiting.for})`,
    where: row.runId,
    fix: `See what for: wf inbox    Give it up: wf cancel ${short}`,
  });
  return true;
}

/** `run/<effectId>/` goes when the effect's end is recorded; a crash right after that leaves it. */
export async function checkScratch(findings: Findings, home: OpenHome): Promise<void> {
  const { scratch } = home.paths;
  const names = fs.existsSync(scratch) ? fs.readdirSync(scratch) : [];
  const stray: string[] = [];
  for (const name of names) if (await isOver(home, name)) stray.push(name);
  if (stray.length === 0) return;
  await findings.add(
    {
      id: 'scratch',
      severity: 'warning',
      message: `run/ holds ${stray.length} folder${stray.length === 1 ? '' : 's'} of work that is over: ${stray.slice(0, 3).join(', ')}`,
      where: scratch,
      fix: 'removes them',
    },
    async () => {
      for (const name of stray) removeScratch(home.paths.home, name);
      return `removed ${stray.length} folder${stray.length === 1 ? '' : 's'} from run/`;
    },
  );
}

async function isOver(home: OpenHome, name: string): Promise<boolean> {
  const pid = /^tool-.+-(\d+)$/.exec(name)?.[1];
  if (pid !== undefined) return !pidExists(Number(pid));
  const runId = name.slice(0, Math.max(0, name.indexOf('.')));
  if (!WORKFLOW_ID_PATTERN.test(runId)) return false;
  const state = await loadState(home.ports, runId);
  const effect = state.effects.find(({ effectId }) => effectId === name);
  // What is not in the log is not ours to remove; what is open or in doubt is evidence.
  return effect !== undefined && effect.status !== 'intended' && effect.status !== 'unknown';
}
