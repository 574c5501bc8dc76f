/**
 * The row of a run in lists. Folded from the run's events alone, beside its state, so that a list never reads a run.
 */
import { previewOf } from '../events/envelope.ts';
import type { StageName } from '../events/run-events.ts';
import { isErased } from '../events/upcast.ts';
import { evolve, type FoldableEvent, isExpiry } from '../workflow/evolve.ts';
import { noRun, outputOf, type RunState, routeOf, stageOf, taskOf } from '../workflow/state.ts';
import { oneLine } from './fence.ts';
import { copyPath } from './run-files.ts';

/** A run's state and what a list wants to know beside it. */
export type RunFold = {
  readonly state: RunState;
  readonly firstSeq: number;
  /** Seq of the newest event of its work: what retention removes later makes no run newer. */
  readonly lastSeq: number;
  /** Time characters of its first event's id. Unlike the time itself they never go back along the log. */
  readonly logTime: string;
  /** Seq of the event that completed it or handed it off last; null = never. */
  readonly finishedSeq: number | null;
  readonly verifyFailures: number;
  readonly executeFailures: number;
  /** Seq of the event that gave its files up; null = it has them, or has them again. */
  readonly filesExpired: number | null;
};

export const noRunFold: RunFold = {
  state: noRun,
  firstSeq: 0,
  lastSeq: 0,
  logTime: '',
  finishedSeq: null,
  verifyFailures: 0,
  executeFailures: 0,
  filesExpired: null,
};

const HUMAN_ENDS: ReadonlySet<string> = new Set(['rejected', 'cancelled']);

type SequencedEvent = FoldableEvent & { readonly seq: number; readonly id: string };

/** Of a ulid. */
const LOG_TIME_CHARS = 10;

export function evolveRunFold(fold: RunFold, event: SequencedEvent): RunFold {
  // A person's no is not a failure of the work: it must not make the engine "improve" anything.
  const isFailure =
    event.type === 'StageFailed' && !isErased(event.data) && !HUMAN_ENDS.has(event.data.error.code);
  const failed = isFailure ? event.data.stage : failedOf(event);
  // The same whether the data before it is still there or not.
  const kept = event.type === 'RunErased' ? { ...fold, verifyFailures: 0, executeFailures: 0 } : fold;
  const finished =
    event.type === 'RunCompleted' ||
    event.type === 'RunHandedOff' ||
    // Whatever its end was: once its data is erased, nobody can tell any more.
    event.type === 'RunImported';
  const state = evolve(fold.state, event);
  const expiredNow = event.type === 'RunFilesExpired' ? event.seq : fold.filesExpired;
  return {
    state,
    firstSeq: fold.firstSeq === 0 ? event.seq : fold.firstSeq,
    lastSeq: isExpiry(event.type) ? fold.lastSeq : event.seq,
    logTime: fold.firstSeq === 0 ? event.id.slice(0, LOG_TIME_CHARS) : fold.logTime,
    finishedSeq: finished ? event.seq : fold.finishedSeq,
    verifyFailures: kept.verifyFailures + (failed === 'verify' ? 1 : 0),
    executeFailures: kept.executeFailures + (failed === 'execute' ? 1 : 0),
    filesExpired: state.filesExpired === null ? null : expiredNow,
  };
}

// Where a run of the script engine had failed.
const failedOf = (event: SequencedEvent): StageName | null =>
  event.type === 'RunImported' && !isErased(event.data)
    ? (event.data.stages.find((s) => s.status === 'failed')?.stage ?? null)
    : null;

export const TASK_PREVIEW_CHARS = 200;

export type RunRow = {
  readonly runId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly finishedSeq: number | null;
  readonly logTime: string;
  readonly version: number;
  readonly workflowId: string;
  /** Of the definition it is pinned to; empty for an imported run. */
  readonly definitionHash: string;
  readonly key: string;
  readonly forced: boolean;
  readonly status: RunState['status'];
  readonly outcome: RunState['outcome'];
  readonly route: string | null;
  readonly risk: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
  /** From the start to the newest end; null while it has none. */
  readonly durationMs: number | null;
  readonly waitingFor: string | null;
  readonly waitingId: string | null;
  readonly waitingUntil: string | null;
  /** One line, at most {@link TASK_PREVIEW_CHARS} characters. */
  readonly task: string;
  readonly failedStage: string | null;
  readonly error: string | null;
  /** Times the stage execute was started. */
  readonly attempts: number;
  readonly verifyFailures: number;
  readonly executeFailures: number;
  /** Where a copy of the summary stands beside `outbox/<runId>.md`. */
  readonly copyFile: string | null;
  /** Whether the definition's retention has removed its artifacts. */
  readonly artifactsExpired: boolean;
  /** Seq of the event by which it gave up record, summary and briefs; null = it has not. */
  readonly filesExpired: number | null;
};

export function runRow(fold: RunFold): RunRow {
  const { state } = fold;
  const classified = outputOf(state, 'classify');
  return {
    runId: state.runId,
    firstSeq: fold.firstSeq,
    lastSeq: fold.lastSeq,
    finishedSeq: fold.finishedSeq,
    logTime: fold.logTime,
    version: state.version,
    workflowId: state.workflowId,
    definitionHash: state.definitionHash,
    key: state.key,
    forced: state.forced,
    status: state.status,
    outcome: state.outcome,
    route: routeOf(state),
    risk: classified?.risk ?? null,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    finishedAt: state.finishedAt,
    durationMs:
      state.finishedAt === null
        ? null
        : Math.max(0, Date.parse(state.finishedAt) - Date.parse(state.createdAt)),
    waitingFor: state.waiting?.for ?? null,
    waitingId: state.waiting?.id ?? null,
    waitingUntil: state.waiting?.for === 'retry' ? state.waiting.until : null,
    task: oneLine(previewOf(taskOf(state)), TASK_PREVIEW_CHARS),
    failedStage: state.error?.stage ?? null,
    error: state.error === null ? null : oneLine(state.error.message, TASK_PREVIEW_CHARS),
    attempts: stageOf(state, 'execute').attempts,
    verifyFailures: fold.verifyFailures,
    executeFailures: fold.executeFailures,
    copyFile: copyPath(state),
    artifactsExpired: state.artifactsExpired !== null,
    filesExpired: fold.filesExpired,
  };
}
