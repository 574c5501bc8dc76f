/**
 * `wf show RUN --file KIND`: a file of a run as the log makes it, whether it stands on disk or not. Runs that are no
 * longer among the newest ones have no files; this is where what was in them is read.
 */
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, notFoundError } from '../errors.ts';
import { blobText } from '../home/blob-text.ts';
import { openBlobs } from '../home/blobs.ts';
import { coldSha256 } from '../log/hash.ts';
import { recordPath, runTexts, summaryPath } from '../projections/run-files.ts';
import type { RunState } from '../workflow/state.ts';
import { printJson } from './render/list.ts';
import { safe } from './render/text.ts';
import type { Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export const FILE_KINDS = ['record', 'summary', 'brief'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export const isFileKind = (text: string): text is FileKind => FILE_KINDS.some((kind) => kind === text);

/** @throws {WfError} file-unknown (3) where the run never had such a file */
export function showFile(invocation: Invocation, home: OpenHome, state: RunState, kind: FileKind): ExitCode {
  const texts = runTexts(state, blobText(openBlobs(home.paths.blobs, coldSha256)));
  const relative = pathOf(state, kind, [...texts.keys()]);
  const text = relative === undefined ? null : (texts.get(relative) ?? null);
  if (relative === undefined || text === null) {
    throw notFoundError('file-unknown', `run ${state.runId} has no ${kind}`, {
      hint: `See what it has: wf show ${state.runId}`,
    });
  }
  const path = `${home.paths.home}/${relative}`;
  if (invocation.json) {
    const kept = fs.existsSync(path);
    printJson(invocation, { schema: 'wf.run-file/1', runId: state.runId, file: kind, path, kept, text });
  } else {
    // As the file has it, to its last byte; a terminal would act on some of them.
    invocation.io.out(invocation.io.stdoutIsTerminal ? safe(text) : text);
  }
  return ExitCode.ok;
}

function pathOf(state: RunState, kind: FileKind, paths: readonly string[]): string | undefined {
  switch (kind) {
    case 'record':
      return recordPath(state.runId);
    case 'summary':
      return summaryPath(state.runId);
    case 'brief':
      return paths.findLast((path) => path.startsWith('tasks/'));
  }
}
