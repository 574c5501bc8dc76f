/**
 * After the storm: every request is brought to rest by what a user would type, and nothing else. A run that does not
 * come to rest within its rounds is a finding.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type History, readHistory, word } from './history.ts';
import { livingProcesses } from './leftovers.ts';
import type { Place, Told } from './place.ts';
import { inputOf, verdict } from './tasks.ts';

const ROUNDS = 40;
const AT_ONCE = 4;

export type Quiet = { readonly told: readonly Told[]; readonly problems: readonly string[] };

export async function bringToRest(place: Place): Promise<Quiet> {
  const told: Told[] = [];
  const ask = async (args: readonly string[]): Promise<void> => {
    told.push(await place.wf(args));
  };
  // A detached run and the children of the killed end by themselves; nobody is asked to wait for them.
  for (let round = 0; round < 100 && livingProcesses(place).length > 0; round++) await pause(100);
  const left = livingProcesses(place);
  if (left.length > 0) return { told, problems: [`processes never ended: ${left.join(', ')}`] };
  // Whatever a torn tail left behind is set aside by the next writer.
  await ask(['feedback', 'submit', '--workflow-id', 'once', '--score', '5', '--feedback', 'after the storm']);
  for (let round = 0; round < ROUNDS; round++) {
    const todo = unfinished(place, readHistory(place.home));
    if (todo.length === 0) return { told, problems: [] };
    for (let at = 0; at < todo.length; at += AT_ONCE)
      await Promise.all(todo.slice(at, at + AT_ONCE).map(ask));
  }
  const stuck = unfinished(place, readHistory(place.home)).map(
    (args) => `never at rest: wf ${args.join(' ')}`,
  );
  return { told, problems: stuck };
}

/** The commands that a user would type next. */
function unfinished(place: Place, history: History): readonly (readonly string[])[] {
  const runs = [...history.runs.values()].flatMap((run) => {
    if (run.status === 'running') return [['resume', run.runId]];
    return run.status === 'in-doubt' ? [['resolve', run.runId, verdict(place, run.runId)]] : [];
  });
  const promised = pendingRequests(history).map(({ workflowId, key }) => {
    return ['run', workflowId, '--input', inputOf({ workflow: workflowId, key }), '--idempotency-key', key];
  });
  return [...runs, ...promised];
}

/**
 * Keys whose newest claim promises a run that nobody has started: the same request starts that very run. Not where
 * the key has a finished run, which answers first: then only a forced request can have claimed, and was never told.
 */
export function pendingRequests(
  history: History,
): readonly { readonly workflowId: string; readonly key: string }[] {
  const newest = new Map<string, { workflowId: string; key: string; runId: string }>();
  for (const line of history.lines)
    if (line.type === 'KeyClaimed')
      newest.set(line.stream, {
        workflowId: word(line, 'workflowId'),
        key: word(line, 'key'),
        runId: word(line, 'runId'),
      });
  const finished = new Set(
    [...history.runs.values()]
      .filter(({ status }) => status === 'completed' || status === 'handed_off')
      .map(({ workflowId, key }) => `${workflowId} ${key}`),
  );
  // A run that was taken over from the script engine is there by one event, one that was erased by its
  // lines: neither is anybody's to begin.
  const imported = history.lines.filter(({ type }) => type === 'RunImported');
  const elsewhere = new Set([...imported.map((line) => word(line, 'runId')), ...history.erased]);
  return [...newest.values()].filter(
    ({ runId, workflowId, key }) =>
      !history.runs.has(runId) && !elsewhere.has(runId) && !finished.has(`${workflowId} ${key}`),
  );
}
