/** Nobody but its owner looks into a home: folders 0700, files 0600. What workers put into artifacts/ is theirs. */
import { entriesOf } from '../../home/folder-names.ts';
import type { HomePaths } from '../../home/paths.ts';
import type { Exam } from './exam.ts';
import { some } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

const OTHERS = 0o077;
/** More than these are counted and found again by the next --fix: memory does not grow with the home. */
const KEPT = 10_000;
const STEP = 5_000;

export async function checkPermissions({ findings, paths, progress }: Exam): Promise<void> {
  const open: Open[] = [];
  let total = 0;
  let seen = 0;
  for (const place of places(paths)) {
    seen += 1;
    if (seen % STEP === 0) progress.step(`permissions, ${seen} files`);
    if (!place.isOpen) continue;
    total += 1;
    if (open.length < KEPT) open.push(place);
  }
  if (total === 0) {
    await findings.add({ id: 'permissions', severity: 'ok', message: 'only you can look into the home' });
    return;
  }
  const shown = open.map(({ path, mode }) => `${path} (${(mode & 0o777).toString(8)})`);
  await findings.add(
    {
      id: 'permissions',
      // A closed home keeps others out of whatever is in it.
      severity: open.some(({ path }) => path === paths.home) ? 'problem' : 'warning',
      message: `others may look at ${some(shown, total)}`,
      where: open[0]?.path ?? paths.home,
      fix: 'makes folders 0700 and files 0600',
    },
    () => {
      for (const place of places(paths)) {
        if (place.isOpen) fs.chmodSync(place.path, place.isFolder ? 0o700 : 0o600);
      }
      return `closed ${total} files and folders to others`;
    },
  );
}

type Open = {
  readonly path: string;
  readonly mode: number;
  readonly isFolder: boolean;
  readonly isOpen: boolean;
};

function* places(paths: HomePaths): Generator<Open> {
  yield* look(paths.home, false);
  yield* look(paths.artifacts, false);
  yield* look(paths.config, false);
  for (const folder of [paths.logs, paths.state, paths.outbox, paths.tasks, paths.blobs, paths.scratch]) {
    yield* look(folder, true);
  }
}

function* look(path: string, deep: boolean): Generator<Open> {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink()) return;
  const isFolder = stat.isDirectory();
  yield { path, mode: stat.mode, isFolder, isOpen: (stat.mode & OTHERS) !== 0 };
  if (isFolder && deep) for (const { name } of entriesOf(path)) yield* look(`${path}/${name}`, true);
}
