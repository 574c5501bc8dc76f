/** `wf runs`: a list of runs, newest first, from the index alone. */
import { systemClock } from '../effects/clock.ts';
import { ExitCode } from '../errors.ts';
import { listRuns } from '../home/read-model.ts';
import { openToRead } from './home-of.ts';
import { limitOf, sinceOf } from './number-option.ts';
import { programName } from './program-name.ts';
import { listView, printJson } from './render/list.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { runItem, runTable } from './render/run-item.ts';
import { flag, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const nowMs = systemClock.now();
  const filter = filterOf(invocation, nowMs);
  if (flag(invocation, 'watch')) return (await import('./runs-watch.ts')).watchRuns(invocation, filter);
  const home = await openToRead(invocation);
  const rows = home === null ? [] : listRuns(home.index, filter);
  if (invocation.json) printJson(invocation, listView('runs', rows.map(runItem)));
  else if (home === null) invocation.io.out(nothingYet(invocation));
  else if (rows.length > 0) invocation.io.out(runTable(home.index, rows, nowMs));
  else if (Object.keys(filter).length > 1)
    invocation.io.out(`No run fits. All of them: ${programName(invocation)} runs\n`);
  else invocation.io.out(nothingYet(invocation));
  if (home !== null && !invocation.json) {
    // They stand beside what work needs, which a home without a log need not load.
    const { pauseRows } = await import('../home/standing-rows.ts');
    const { pausedLines } = await import('./render/paused-lines.ts');
    invocation.io.out(pausedLines(pauseRows(home.index), programName(invocation)));
  }
  return ExitCode.ok;
}

function filterOf(invocation: Invocation, nowMs: number) {
  const status = option(invocation, 'status');
  const workflow = option(invocation, 'workflow');
  const route = option(invocation, 'route');
  const since = sinceOf(invocation, nowMs);
  return {
    ...(status === undefined ? {} : { status }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(route === undefined ? {} : { route }),
    ...(since === undefined ? {} : { since }),
    limit: limitOf(invocation),
  };
}
