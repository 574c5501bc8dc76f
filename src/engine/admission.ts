/**
 * Lets a run of a workflow with limits begin, or go on after a stop. What is used up is counted at a version of the
 * workflow's stream, and `RunAdmitted` is appended at exactly that version: of two that count at the same time one has
 * to count again, so that a limit holds in any number of processes.
 */
import { ExitCode, WfError } from '../errors.ts';
import { type StoredEvent, seq } from '../events/envelope.ts';
import type { RunEvent } from '../events/run-events.ts';
import { runIdOf, runStream, workflowStream } from '../events/streams.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import { type Commit, ConflictError } from '../log/event-store.ts';
import { costOfEffect, sumOf } from '../workflow/cost.ts';
import type { Definition } from '../workflow/definition.ts';
import {
  type LimitReached,
  limitForGoingOn,
  limitForStart,
  type RunAtWork,
  type Usage,
} from '../workflow/limits.ts';
import type { RunState } from '../workflow/state.ts';
import { holderState } from './at-work.ts';
import { dayOf } from './calendar-day.ts';
import { loadState } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { recordWorkflowFact } from './workflow-facts.ts';

type Asking = Pick<Definition, 'id' | 'limits'>;

/** Who asks: a run that is about to begin (version 0), or to go on from where it stopped. */
export type Admittance = { readonly runId: string; readonly runVersion: number };

/**
 * Appends with a place for the run, where its workflow has limits. `append` gets the commits that must stand first.
 * @param registered commits of the workflow's stream that come before, at the version it has now
 * @throws {WfError} limit-reached (7); {@link ConflictError} somebody moved the workflow meanwhile: count again
 */
export async function withAdmission(
  ports: EnginePorts,
  { id, limits }: Asking,
  { runId, runVersion }: Admittance,
  registered: readonly Commit[],
  append: (before: readonly Commit[]) => Promise<void>,
): Promise<void> {
  const asks = runVersion === 0 ? limits !== undefined : limits?.concurrency !== undefined;
  if (limits === undefined || !asks) return append(registered);
  const stream = workflowStream(id);
  // Before anything is counted: whoever is let in after this makes the append below fail.
  const version = await ports.store.headOf(stream);
  const usage = await usageOf(ports, id, runId);
  const reached = (runVersion === 0 ? limitForStart : limitForGoingOn)(id, limits, usage);
  if (reached !== null) throw limitReached(reached, runVersion === 0 ? null : runId);
  const owner = ports.ownership.self;
  const admitted: Commit = {
    stream,
    expectedVersion: version + registered.length,
    commitId: ports.newId(),
    events: [{ type: 'RunAdmitted', data: { workflowId: id, runId, runVersion, owner } }],
  };
  const before = [...registered, admitted];
  try {
    await append(before);
  } catch (error) {
    // Let in, and then another race was lost: its place would be held for as long as this process lives.
    if (!(error instanceof ConflictError) || error.index >= before.length)
      await recordWorkflowFact(ports, id, { type: 'AdmissionLapsed', data: { workflowId: id, runId } }).catch(
        () => undefined,
      );
    throw error;
  }
}

function limitReached({ message, hint, ...reached }: LimitReached, runId: string | null): WfError {
  const what = runId === null ? 'nothing was started' : `run ${runId} does not go on now`;
  const later = runId === null ? '' : ` Then: wf resume ${runId}`;
  return new WfError('limit-reached', `${message}; ${what}`, {
    exitCode: ExitCode.paused,
    hint: `${hint}${later}`,
    retryable: true,
    details: reached,
  });
}

/** @param except the run that asks */
async function usageOf(ports: EnginePorts, workflowId: string, except: string): Promise<Usage> {
  const day = dayOf(ports.clock.now());
  const indexed = await ports.projections.usage(workflowId, day.since);
  const newer = await newerThan(ports, workflowId, indexed.upTo);
  const runs = await load(ports, [...indexed.atWork, ...newer.runIds], workflowId);
  const atWork: RunAtWork[] = runs.flatMap(({ runId, lease }) =>
    lease === null || runId === except
      ? []
      : [{ runId, ownerGone: holderState(ports, runStream(runId), lease.owner) === 'gone' }],
  );
  const known = new Set(atWork.map(({ runId }) => runId));
  const starting = newer.starting.filter(({ runId }) => runId !== except && !known.has(runId));
  const recent = runs.filter(({ runId }) => newer.runIds.has(runId));
  const begun = recent.filter(({ runId, createdAt }) => newer.started.has(runId) && createdAt >= day.since);
  return {
    atWork: [...atWork, ...starting.map(({ runId }) => ({ runId, ownerGone: false }))],
    startedToday:
      indexed.started + begun.length + starting.filter(({ runVersion }) => runVersion === 0).length,
    costToday: sumOf([
      ...indexed.costs.flatMap(({ runId, usd }) => (newer.runIds.has(runId) ? [] : [usd])),
      ...recent.flatMap((run) => costsSince(run, day.since)),
    ]),
    dayEndsAt: day.until,
  };
}

async function load(ports: EnginePorts, runIds: readonly string[], workflowId: string) {
  const runs: RunState[] = [];
  for (const runId of new Set(runIds)) {
    const run = await loadState(ports, runId);
    if (run.workflowId === workflowId) runs.push(run);
  }
  return runs;
}

const costsSince = ({ effects }: RunState, since: string): readonly (number | null | undefined)[] =>
  effects.flatMap((effect) => ((effect.endedAt ?? effect.intendedAt) >= since ? [costOfEffect(effect)] : []));

type Admitted = Extract<WorkflowEvent, { type: 'RunAdmitted' }>['data'];

type Newer = {
  /** Runs that the rows do not know, or not as they are now. */
  readonly runIds: Set<string>;
  /** Those among them that were started after the rows. */
  readonly started: Set<string>;
  /** Let in by a living process, and nothing of it is recorded yet. */
  readonly starting: readonly Admitted[];
};

async function newerThan(ports: EnginePorts, workflowId: string, upTo: number): Promise<Newer> {
  const runIds = new Set<string>();
  const started = new Set<string>();
  const others = new Set<string>();
  const admitted = new Map<string, Admitted>();
  for await (const event of ports.store.readAll(upTo === 0 ? null : { seq: seq(upTo) })) {
    const runId = runIdOf(event.stream);
    if (runId === undefined) {
      if (event.stream === workflowStream(workflowId)) letIn(admitted, event);
    } else if (event.type === 'RunStarted') {
      const { data } = event as unknown as Extract<RunEvent, { type: 'RunStarted' }>;
      (data.workflowId === workflowId ? started : others).add(runId);
    }
    if (runId !== undefined && !others.has(runId)) runIds.add(runId);
  }
  const starting: Admitted[] = [];
  for (const one of admitted.values()) {
    // Judged before its run is read: who is gone by then has recorded all that it ever will.
    const isGone = holderState(ports, runStream(one.runId), one.owner) === 'gone';
    const { version } = await loadState(ports, one.runId);
    if (version <= one.runVersion) {
      if (!isGone) starting.push(one);
    } else {
      runIds.add(one.runId);
      if (one.runVersion === 0) started.add(one.runId);
    }
  }
  return { runIds, started, starting };
}

function letIn(admitted: Map<string, Admitted>, stored: StoredEvent): void {
  const event = stored as unknown as WorkflowEvent;
  if (event.type === 'RunAdmitted') admitted.set(event.data.runId, event.data);
  else if (event.type === 'AdmissionLapsed') admitted.delete(event.data.runId);
}
