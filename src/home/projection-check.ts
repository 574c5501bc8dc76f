/**
 * Compares the projections with what the log says: files byte for byte, `index.db` row for row. Everything is made
 * again aside by the same folds; nothing in the home is changed, and nobody projects meanwhile.
 */

import { nodeFs } from '../log/file-system.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { compareRows } from './compare-rows.ts';
import { fileSink, isTempName } from './file-sink.ts';
import { foldRange, type ProjectorDeps } from './fold-range.ts';
import { IndexDb } from './index-db.ts';
import { keptLimit } from './kept-files.ts';
import { LogEvents } from './log-events.ts';
import { LogFold } from './log-fold.ts';
import { readCheckpoint } from './stream-index.ts';
import { beginWrite, rollback } from './transaction.ts';

const fs = process.getBuiltinModule('node:fs');

export type ProjectionProblem = {
  /** Relative to the home; a row is `state/index.db#<table>/<key>`. */
  readonly path: string;
  /** `unexpected`: there, and the log did not write it. */
  readonly problem: 'missing' | 'different' | 'unexpected';
  /** Where a file first differs: byte from 0, line from 1. */
  readonly at?: { readonly byte: number; readonly line: number };
};

/** Up to where the projections claim to reach; a lag behind the log is not a fault. */
export async function checkProjections(
  deps: ProjectorDeps,
  options: { readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<readonly ProjectionProblem[]> {
  const head = await deps.store.head();
  if (head === null) return [];
  const os = process.getBuiltinModule('node:os');
  const aside = fs.mkdtempSync(`${os.tmpdir()}/wf-check-`);
  deps.index.reopenIfReplaced();
  try {
    await beginWrite(deps.index);
    const checkpoint = readCheckpoint(deps.index);
    const upTo = checkpoint?.seq ?? head.seq;
    const fresh = build(deps, aside, upTo, options.onProgress);
    try {
      const files = compareFiles(deps.paths.home, `${aside}/home`);
      if (checkpoint === null) return [...files, { path: 'state/index.db', problem: 'missing' }];
      return [...files, ...compareRows(fresh, deps.index.path)];
    } finally {
      fresh.close();
    }
  } finally {
    rollback(deps.index);
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

function build(
  deps: ProjectorDeps,
  aside: string,
  upTo: number,
  onProgress: ((done: number, total: number) => void) | undefined,
): IndexDb {
  const { fs: homeFs, paths, blobs, sha256, bootId } = deps;
  // As many as these projections were made for: another number in config.json meanwhile is no fault of theirs.
  const keptRuns = keptLimit(deps.index) ?? deps.keptRuns;
  const index = new IndexDb(`${aside}/index.db`);
  // It is thrown away: one transaction, never synced.
  index.exec('BEGIN');
  const sink = fileSink({
    fs: nodeFs,
    home: paths.home,
    allowedRoots: deps.allowedRoots,
    place: (relative) => `${aside}/home/${relative}`,
    outside: (absolute) => `${aside}/home/${OUTSIDE}${absolute}`,
    unseen: () => true,
    onRefused: () => undefined,
  });
  const log = new LogEvents(homeFs, paths.log);
  try {
    const fold = new LogFold({ index, log, sink, blobs, sha256, cache: new Map(), keptRuns });
    foldRange({
      fold,
      log,
      from: 0,
      upTo,
      bootId,
      aheadOf: keptRuns,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    fold.finish({ writeMap: true });
    index.exec('COMMIT');
    return index;
  } finally {
    log.close();
  }
}

/** Folder, aside, for copies that belong outside the home. */
const OUTSIDE = '.outside';

function compareFiles(home: string, wanted: string): ProjectionProblem[] {
  const problems: ProjectionProblem[] = [];
  for (const relative of filesIn(wanted, '')) {
    const real = relative.startsWith(`${OUTSIDE}/`) ? relative.slice(OUTSIDE.length) : `${home}/${relative}`;
    const found = readIfFile(real);
    const path = real.startsWith(`${home}/`) ? relative : real;
    if (found === null) {
      problems.push({ path, problem: 'missing' });
      continue;
    }
    const expected = fs.readFileSync(`${wanted}/${relative}`);
    if (!found.equals(expected))
      problems.push({ path, problem: 'different', at: firstDifference(expected, found) });
  }
  for (const dir of PROJECTED_DIRS) {
    for (const relative of filesIn(home, dir)) {
      const name = relative.slice(relative.lastIndexOf('/') + 1);
      if (!isTempName(name) && !fs.existsSync(`${wanted}/${relative}`)) {
        problems.push({ path: relative, problem: 'unexpected' });
      }
    }
  }
  return problems;
}

function* filesIn(root: string, relative: string): Generator<string> {
  const folder = relative === '' ? root : `${root}/${relative}`;
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(root, path);
    else yield path;
  }
}

function readIfFile(path: string): Buffer | null {
  return fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true ? fs.readFileSync(path) : null;
}

export function firstDifference(
  expected: Buffer,
  found: Buffer,
): { readonly byte: number; readonly line: number } {
  let byte = 0;
  let line = 1;
  while (byte < expected.length && byte < found.length && expected[byte] === found[byte]) {
    if (expected[byte] === 0x0a) line += 1;
    byte += 1;
  }
  return { byte, line };
}
