/**
 * `wf pause`: nothing starts and no step begins, in one workflow or in all of them, until `--off`. What is at work ends
 * by itself, or with `--abort` at once.
 */
import { loadState } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { cancelRun } from '../engine/outside-commands.ts';
import { type PauseScope, pause, pauseStream, unpause } from '../engine/pause.ts';
import { pauseIn } from '../engine/pause-gate.ts';
import { pauseText } from '../engine/paused-error.ts';
import { ExitCode, usageError } from '../errors.ts';
import { workflowStream } from '../events/streams.ts';
import { findDefinition } from '../home/definitions.ts';
import { listRuns, shortestUniquePrefix } from '../home/read-model.ts';
import type { Pause } from '../projections/pause-state.ts';
import type { RunRow } from '../projections/run-row.ts';
import { openFor } from './home-of.ts';
import { loginName } from './login-name.ts';
import { programName } from './program-name.ts';
import { redactedReason } from './reason.ts';
import { printJson } from './render/list.ts';
import { safe } from './render/text.ts';
import { flag, type Invocation } from './verb.ts';

/** More are not at work on one machine; each is cancelled by itself. */
const MOST_AT_WORK = 1000;

type Outcome = {
  readonly scope: PauseScope;
  readonly changed: boolean;
  readonly pause: Pause | null;
  /** Still closed by the other switch: that of everything, or none. */
  readonly also: Pause | null;
  readonly cancelled: readonly string[];
  readonly atWork: readonly RunRow[];
};

export async function run(invocation: Invocation): Promise<ExitCode> {
  const [workflow = null] = invocation.args;
  const off = flag(invocation, 'off');
  const abort = flag(invocation, 'abort');
  if (off && (abort || invocation.options.has('reason')))
    throw usageError('pause-both', `--off and --${abort ? 'abort' : 'reason'} cannot be combined`, {
      hint: '--off lifts a pause; --abort and --reason belong to one that begins.',
    });
  const home = await openFor(invocation);
  if (workflow !== null) await assertKnown(home, workflow);
  const by = loginName(invocation.env) ?? 'user';
  const reason = redactedReason(invocation, home);
  const { changed, pause: standing } = off
    ? await unpause(home.ports, workflow, by)
    : await pause(home.ports, workflow, by, reason);
  await home.ports.projections.project();
  const atWork = runsAtWork(home, workflow);
  const cancelled = abort ? atWork.map(({ runId }) => runId) : [];
  for (const runId of cancelled) await cancelRun(home.ports, runId, by, reason ?? 'paused with --abort');
  const also = workflow === null ? null : await pauseIn(home.ports, pauseStream(null));
  const left = abort ? [] : off ? await withoutWorker(home, atWork) : atWork;
  print(invocation, home, { scope: workflow, changed, pause: standing, also, cancelled, atWork: left });
  return ExitCode.ok;
}

/** What has runs may be paused although its file is gone or broken. @throws {WfError} workflow-unknown (3) */
async function assertKnown({ store, paths, bundledDir }: OpenHome, workflow: string): Promise<void> {
  if ((await store.headOf(workflowStream(workflow))) > 0) return;
  await findDefinition({ home: paths.home, bundledDir }, workflow);
}

/** What somebody works on now, a pause before the next attempt included. */
function runsAtWork({ index }: OpenHome, workflow: PauseScope): readonly RunRow[] {
  const of = workflow === null ? {} : { workflow };
  const waiting = listRuns(index, { ...of, status: 'waiting', limit: MOST_AT_WORK });
  return [
    ...listRuns(index, { ...of, status: 'running', limit: MOST_AT_WORK }),
    ...waiting.filter(({ waitingFor }) => waitingFor === 'retry'),
  ];
}

/** What the pause has stopped: nobody goes on with it before somebody asks. */
async function withoutWorker({ ports }: OpenHome, rows: readonly RunRow[]): Promise<readonly RunRow[]> {
  const stopped: RunRow[] = [];
  for (const row of rows) {
    const { lease } = await loadState(ports, row.runId);
    if (lease === null || ports.ownership.stateOf(lease.owner) === 'gone') stopped.push(row);
  }
  return stopped;
}

function print(invocation: Invocation, home: OpenHome, outcome: Outcome): void {
  const { scope, changed, pause: standing, also, cancelled, atWork } = outcome;
  if (invocation.json) {
    printJson(invocation, {
      schema: 'wf.pause/1',
      workflowId: scope,
      paused: standing !== null || also !== null,
      changed,
      ...(standing === null ? {} : { since: standing.since, by: standing.by }),
      ...(standing?.reason === undefined ? {} : { reason: standing.reason }),
      cancelled,
      atWork: atWork.map(({ runId }) => runId),
    });
    return;
  }
  const wf = programName(invocation);
  const short = (runId: string): string => shortestUniquePrefix(home.index, runId);
  const lines: string[] = [];
  const what = scope === null ? 'everything' : `workflow ${scope}`;
  if (standing === null) {
    lines.push(changed ? `▶ ${what}: the pause is over.` : `▶ ${what} was not paused.`);
    if (also !== null) lines.push(`  But ${safe(pauseText(also))}: ${wf} pause --off`);
    for (const { runId, workflowId } of atWork)
      lines.push(`  run ${short(runId)} of ${workflowId} stands still: ${wf} resume ${short(runId)}`);
  } else {
    lines.push(`⏸ ${safe(pauseText(standing))}. No run starts and no step begins.`);
    for (const runId of cancelled) lines.push(`  run ${short(runId)} was cancelled`);
    for (const { runId, workflowId } of atWork)
      lines.push(`  run ${short(runId)} of ${workflowId} is at work: it stops before its next step`);
    if (atWork.length > 0) lines.push(`  End them now: ${wf} pause${suffix(scope)} --abort`);
    lines.push('', `Go on: ${wf} pause --off${suffix(scope)}`);
  }
  invocation.io.out(`${lines.join('\n')}\n`);
}

const suffix = (scope: PauseScope): string => (scope === null ? '' : ` ${scope}`);
