/**
 * What a definition's `retention` gives up after the end of a run: recorded in that run's stream, durable, before
 * anything is removed, and only at the version at which the run had ended. So nothing of a run that somebody has
 * resumed meanwhile is touched, and "where are my files?" has an answer in the log.
 */

import type { Keep } from '../events/run-events.ts';
import { runStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import { errorCode, isMissing } from '../home/file-errors.ts';
import type { IndexDb } from '../home/index-db.ts';
import {
  dueRuns,
  type EndedRun,
  type RetentionKind,
  readCursor,
  writeCursor,
} from '../home/retention-rows.ts';
import { ConflictError } from '../log/event-store.ts';
import type { EnginePorts } from './ports.ts';

const fs = process.getBuiltinModule('node:fs');

/** At the end of one run: a workflow that got its retention late is tidied over some runs, and holds up none. */
const LOOKED_AT = 200;
const GIVEN_UP = 50;

type Place = {
  readonly ports: EnginePorts;
  readonly index: IndexDb;
  /** The folder of all runs' artifacts. */
  readonly artifacts: string;
};

/** By the file as it is now: a longer retention counts at once, for runs of the shorter one too. */
export async function applyRetention(place: Place, workflowId: string): Promise<void> {
  const current = await place.ports.definitions.load(workflowId).catch(() => null);
  const { artifacts, runs } = current?.definition.retention ?? {};
  if (artifacts !== undefined) await giveUp(place, workflowId, 'artifacts', artifacts);
  if (runs !== undefined) await giveUp(place, workflowId, 'runs', runs);
}

async function giveUp(place: Place, workflowId: string, kind: RetentionKind, keep: Keep): Promise<void> {
  const { ports, index } = place;
  const after = readCursor(index, kind, workflowId);
  const wanted = { workflowId, kind, keep, nowMs: ports.clock.now(), after, limit: LOOKED_AT };
  let reached = after;
  const found: EndedRun[] = [];
  for (const run of dueRuns(index, wanted)) {
    if (found.length === GIVEN_UP) break;
    reached = run.lastSeq;
    if (kind === 'artifacts' ? isThere(folderOf(place, run.runId)) : !run.isExpired) found.push(run);
  }
  if (found.length > 0) {
    const expired = found.filter((run) => run.isExpired);
    const recorded = await record(
      ports,
      found.filter((run) => !run.isExpired),
      kind,
      keep,
    );
    failpoint('retention.recorded');
    // One that had been recorded and still has its folder: a crash came between.
    if (kind === 'artifacts') for (const run of [...expired, ...recorded]) remove(place, run.runId);
    failpoint('retention.removed');
    await ports.projections.project();
  }
  // Only now: whoever is killed before this is followed by somebody who looks at the same runs again.
  if (reached !== after) writeCursor(index, kind, workflowId, reached);
}

/** Answers the runs it was recorded of, on disk; a run that has moved on meanwhile is left alone. */
async function record(
  ports: EnginePorts,
  runs: readonly EndedRun[],
  kind: RetentionKind,
  keep: Keep,
): Promise<readonly EndedRun[]> {
  const type = kind === 'artifacts' ? 'ArtifactsExpired' : 'RunFilesExpired';
  let left = runs;
  const done: EndedRun[] = [];
  while (left.length > 0) {
    const commits = left.map(({ runId, version }) => ({
      stream: runStream(runId),
      expectedVersion: version,
      commitId: ports.newId(),
      events: [{ type, data: { keep } } as const],
    }));
    try {
      await ports.store.appendInOrder(commits, { durable: kind === 'artifacts' });
      return [...done, ...left];
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      done.push(...left.slice(0, error.index));
      left = left.slice(error.index + 1);
    }
  }
  // What stood before a conflict was appended without a sync.
  const head = await ports.store.head();
  if (head !== null && done.length > 0) await ports.store.sync(head);
  return done;
}

const folderOf = ({ artifacts }: Place, runId: string): string => `${artifacts}/${runId}`;

/** A link counts as what it is, not as what it leads to. */
const isThere = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function remove(place: Place, runId: string): void {
  const folder = folderOf(place, runId);
  try {
    // Links in it, and one in its place, are removed themselves; what they lead to is never looked at.
    fs.rmSync(folder, { recursive: true });
  } catch (error) {
    if (isMissing(error)) return;
    place.ports.onNotice?.(
      `${folder} is given up by the retention of its definition, and could not be removed (${errorCode(error) ?? String(error)}): remove it by hand`,
    );
  }
}
