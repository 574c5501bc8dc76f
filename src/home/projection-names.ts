/**
 * Names of projected files against the rows of `index.db`: what is missing, and what the log did not write. It takes
 * no lock: both sides may grow meanwhile, so what differs is looked at once more by itself.
 */
import { runStream } from '../events/streams.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { recordPath, summaryPath } from '../projections/run-files.ts';
import { ERASED_TEXT } from '../workflow/state.ts';
import { isTempName } from './file-sink.ts';
import { entriesOf } from './folder-names.ts';
import { hasFiles, keptSince, neededBelow } from './kept-files.ts';
import type { ProjectionProblem } from './projection-check.ts';
import type { SampleDeps } from './projection-sample.ts';
import { readCheckpoint } from './stream-index.ts';
import { writablePath } from './writable-path.ts';

const fs = process.getBuiltinModule('node:fs');

type Wanted = { readonly runId: string; readonly finishedSeq: number | null; readonly task: string };

export async function compareNames(deps: SampleDeps): Promise<ProjectionProblem[]> {
  const { index, paths, store } = deps;
  const problems: ProjectionProblem[] = [];
  const strangers: string[] = [];
  for (const dir of PROJECTED_DIRS) {
    for (const relative of filesIn(paths.home, dir)) {
      const name = relative.slice(dir.length + 1);
      if (!isTempName(name.slice(name.lastIndexOf('/') + 1)) && !isKnown(deps, dir, name))
        strangers.push(relative);
    }
  }
  const copies = strangers.length === 0 ? new Set() : copyFiles(deps);
  const behind = ((await store.head())?.seq ?? 0) > (readCheckpoint(index)?.seq ?? 0);
  for (const path of strangers) {
    if (copies.has(path) || !fs.existsSync(`${paths.home}/${path}`)) continue;
    // Its file may have been made before its row: then the log knows it.
    const runId = /([^/]+)\.(?:json|md)$/.exec(path)?.[1]?.replace(/^T-/, '') ?? '';
    const isJustMade = behind && (path.startsWith('state/tools/') || (await isInLog(store, runId)));
    if (!isJustMade) problems.push({ path, problem: 'unexpected' });
  }
  for (const { runId } of [...neededBelow(index, 0), ...keptSince(index, 0)]) {
    const row = index.get<Wanted>('SELECT runId, finishedSeq, task FROM runs WHERE runId = ?', runId);
    if (row === undefined) continue;
    const wanted =
      row.finishedSeq === null || row.task === ERASED_TEXT
        ? [recordPath(row.runId)]
        : [recordPath(row.runId), summaryPath(row.runId)];
    // A newer run may have pushed it out meanwhile.
    for (const path of wanted)
      if (!fs.existsSync(`${paths.home}/${path}`) && hasFiles(index, row.runId))
        problems.push({ path, problem: 'missing' });
  }
  return problems;
}

const isInLog = async (store: SampleDeps['store'], id: string): Promise<boolean> => {
  const [runId = ''] = id.split('.');
  return (await store.headOf(runStream(id))) > 0 || (await store.headOf(runStream(runId))) > 0;
};

function isKnown({ index }: SampleDeps, dir: string, name: string): boolean {
  const known = (sql: string, suffix: string): boolean =>
    name.endsWith(suffix) && index.get(sql, name.slice(0, -suffix.length)) !== undefined;
  switch (dir) {
    case 'state/runs':
      return known('SELECT 1 FROM runs WHERE runId = ?', '.json');
    case 'outbox':
      return known('SELECT 1 FROM runs WHERE runId = ?', '.md');
    case 'tasks':
      return known('SELECT 1 FROM tasks WHERE taskId = ?', '.md');
    default:
      return known('SELECT 1 FROM tools WHERE tool = ?', '.ok');
  }
}

function copyFiles({ index, paths, allowedRoots }: SampleDeps): Set<string> {
  const copies = new Set<string>();
  for (const { copyFile } of index.each<{ copyFile: string }>(
    'SELECT copyFile FROM runs WHERE copyFile IS NOT NULL',
  )) {
    const target = writablePath(paths.home, allowedRoots, copyFile);
    if (target?.startsWith(`${paths.home}/`)) copies.add(target.slice(paths.home.length + 1));
  }
  return copies;
}

function* filesIn(home: string, folder: string): Generator<string> {
  for (const { name, isFolder } of entriesOf(`${home}/${folder}`)) {
    if (isFolder) yield* filesIn(home, `${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
