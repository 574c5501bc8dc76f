/** Writes the files of one run as its fold says, into a sink. */
import { runFiles, summaryPath } from '../projections/run-files.ts';
import type { ResolveText } from '../projections/run-record.ts';
import type { RunFold } from '../projections/run-row.ts';
import type { FileSink } from './file-sink.ts';

export function writeRunFiles(
  sink: FileSink,
  resolve: ResolveText,
  { state }: RunFold,
  options: {
    /** Where a copy of the summary goes. */
    readonly copy: string | null;
    /** Whether it had no files before. */
    readonly isNew: boolean;
    /** Whose files are there, by the same hand. */
    readonly since: RunFold | undefined;
  },
): void {
  const { copy, isNew, since } = options;
  const files = runFiles(state, resolve, since?.filesExpired === null ? since.state : undefined);
  // A run has a summary from its first stop on and ever after: of a new one there is none to be removed.
  const hasNone = isNew && !state.stopped && state.erased === null;
  for (const [path, text] of files) {
    if (path === copy) sink.copy(path, text);
    else if (text !== null || !hasNone || path !== summaryPath(state.runId)) sink.own(path, text);
  }
}
