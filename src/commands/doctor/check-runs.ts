/** Runs that nobody works on any more, whose worker does nothing, or that have waited for very long. */
import { loadState } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { listRuns } from '../../home/read-model.ts';
import type { Exam } from './exam.ts';
import { plural } from './findings.ts';
import { type Stuck, stuckRun } from './stuck-run.ts';

/** Each is read from the log; more are looked at when these have come to rest. */
const LOOKED_AT = 1000;
const HANDED_OFF = 200;

export async function checkRuns(exam: Exam): Promise<void> {
  const { findings, progress } = exam;
  const home = await exam.open();
  await home.ports.projections.project();
  // Of what was handed over, only the newest: there may be very many, and nearly all just wait for their report.
  const handedOff = listRuns(home.index, { status: 'handed_off', limit: HANDED_OFF });
  const live = [
    ...listRuns(home.index, { status: 'running', limit: LOOKED_AT }),
    ...listRuns(home.index, { status: 'waiting', limit: LOOKED_AT }),
  ];
  let stuck = 0;
  const all = [...live, ...handedOff];
  for (const [i, { runId }] of all.entries()) {
    progress.step('runs', i / all.length);
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

/** A run may go on, and its process end, while it is looked at: only what still stands afterwards is told. */
async function lookAgain(exam: Exam, home: OpenHome, runId: string): Promise<Stuck | null> {
  for (;;) {
    const state = await loadState(home.ports, runId);
    const wrong = await stuckRun(exam.now(), home, state);
    if (wrong === null || (await loadState(home.ports, runId)).version === state.version) return wrong;
  }
}
