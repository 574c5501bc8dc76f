/**
 * Which files a run has, and their bytes: a pure function of its state, so that a rebuild gives the same files as
 * every write on the way. Null = must not be there (any more).
 */
import { type Effect, outputOf, type RunState } from '../workflow/state.ts';
import { type ResolveText, runRecord } from './run-record.ts';
import { summary } from './summary.ts';

export type FileMap = ReadonlyMap<string, string | null>;

export const recordPath = (runId: string): string => `state/runs/${runId}.json`;
export const summaryPath = (runId: string): string => `outbox/${runId}.md`;
export const taskPath = (taskId: string): string => `tasks/${taskId}.md`;
export const markerPath = (tool: string): string => `state/tools/${tool}.ok`;

/**
 * @param since a state whose files are there: briefs that say the same are left out
 *
 * Paths are relative to the home, except a copy of the summary that the definition wants elsewhere: that is as
 * recorded, absolute or relative, and the shell decides whether it may be written.
 */
export function runFiles(state: RunState, resolve: ResolveText, since?: RunState): FileMap {
  const files = new Map(runTexts(state, resolve, since));
  const copy = copyPath(state);
  // What went where the work's own files are was given up with them.
  const isGone = state.artifactsExpired !== null && isArtifact(copy, state.runId);
  if (copy !== null) files.set(copy, isGone ? null : (files.get(summaryPath(state.runId)) ?? null));
  return files;
}

export const isArtifact = (copy: string | null, runId: string): boolean =>
  copy?.startsWith(`artifacts/${runId}/`) === true;

/** Those below the home that are ours alone: record, summary and briefs. */
export function runTexts(state: RunState, resolve: ResolveText, since?: RunState): FileMap {
  const files = new Map<string, string | null>();
  files.set(recordPath(state.runId), runRecord(state, resolve));
  const text = hasSummary(state) ? summary(state, resolve) : null;
  files.set(summaryPath(state.runId), text);
  for (const effect of state.effects) {
    if (effect.dispatcher !== 'manual' || effect.taskId === undefined) continue;
    // A later attempt of the step has the same task id: the newest decides.
    const path = taskPath(effect.taskId);
    if (since !== undefined && isBriefOf(effect, state, since)) files.delete(path);
    else files.set(path, isBriefGone(effect, state) ? null : briefText(resolve(effect.preview)));
  }
  return files;
}

const isBriefGone = (effect: Effect, state: RunState): boolean =>
  effect.status === 'withdrawn' || (state.status === 'cancelled' && effect.report === undefined);

/** Whether the file was made from this very attempt then, and is to stay as it was. */
function isBriefOf(effect: Effect, state: RunState, since: RunState): boolean {
  const then = since.effects.findLast(({ taskId }) => taskId === effect.taskId);
  if (then?.effectId !== effect.effectId || then.preview !== effect.preview) return false;
  return !isBriefGone(then, since) && !isBriefGone(effect, state);
}

/** Once a run stopped for any reason, failed and waiting ones included, there is something to read. */
const hasSummary = (state: RunState): boolean => state.stopped || outputOf(state, 'deliver') !== null;

/** Where a further copy of the summary goes; null when `outbox/<runId>.md` is the place that was asked for. */
export function copyPath(state: RunState): string | null {
  const summaryFile = outputOf(state, 'deliver')?.summaryFile;
  return summaryFile === undefined ? null : copyOf(state.runId, summaryFile);
}

/** The same for what any delivery of the run asked for. */
export function copyOf(runId: string, summaryFile: string): string | null {
  const wanted = summaryFile.replace(/^(?:\.\/)+/, '');
  if (wanted === summaryPath(runId)) return null;
  // Records, markers and briefs are ours alone: no copy takes their place.
  return /^(?:state|tasks)\//.test(wanted) ? null : wanted;
}

const briefText = (preview: string): string => (preview.endsWith('\n') ? preview : `${preview}\n`);
