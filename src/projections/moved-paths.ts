/**
 * Where a home stood before it was moved or imported, read from what a run says: a path into a home that names this
 * very run, and is not below this home. Pure: whether a file is there now, the caller looks.
 */
import { previewOf } from '../events/envelope.ts';
import { outputOf, type RunState } from '../workflow/state.ts';

export type MovedPath = {
  /** The folder that was the home. */
  readonly before: string;
  /** As the run says it. */
  readonly was: string;
  /** The same file below this home. */
  readonly now: string;
};

/** Blanks, quotes and brackets end a path in a sentence; what follows the last letter or digit is punctuation. */
const PATH_END = '(?:/[^\\s"\'`<>()\\[\\],;]*[A-Za-z0-9_])?';
const MAX_PATHS = 20;

/** Each path once, in the order in which the run names them. */
export function movedPaths(run: RunState, home: string): readonly MovedPath[] {
  const id = run.runId;
  if (!/^[A-Za-z0-9._-]+$/.test(id)) return [];
  const own = `(artifacts/${escaped(id)}${PATH_END}|outbox/${escaped(id)}\\.md|state/runs/${escaped(id)}\\.json|tasks/T-${escaped(id)}[A-Za-z0-9._-]*\\.md)`;
  const path = new RegExp(`(?<![A-Za-z0-9._~/-])(/(?!/)[^\\s"'\`<>()\\[\\],;:]{0,1024}?)/${own}`, 'g');
  const found = new Map<string, MovedPath>();
  for (const text of textsOf(run))
    for (const [was, before = '', inside = ''] of text.matchAll(path))
      if (before !== home && found.size < MAX_PATHS)
        found.set(was, { before, was, now: `${home}/${inside}` });
  return [...found.values()];
}

const escaped = (id: string): string => id.replaceAll('.', '\\.');

/** Everything in which a run may say where a file is. */
function textsOf(run: RunState): readonly string[] {
  const checks = outputOf(run, 'verify')?.checks ?? [];
  return [
    ...(run.error === null ? [] : [run.error.message]),
    ...run.stages.flatMap(({ error }) => (error === null ? [] : [error.message])),
    ...checks.map(({ file }) => file),
    ...run.effects.flatMap(({ preview, stdout, stderr, report, error }) => [
      previewOf(preview),
      ...(error === undefined ? [] : [error.message]),
      ...[stdout, stderr, report?.text].flatMap((text) => (text === undefined ? [] : [previewOf(text)])),
    ]),
    ...(run.imported === undefined ? [] : [previewOf(run.imported.body)]),
  ];
}
