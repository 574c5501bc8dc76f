/** Nobody but its owner looks into a home: folders 0700, files 0600. What workers put into artifacts/ is theirs. */
import type { HomePaths } from '../../home/paths.ts';
import type { Findings } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

const OTHERS = 0o077;
const SHOWN = 3;

export async function checkPermissions(findings: Findings, paths: HomePaths): Promise<void> {
  const open = [...openTo(paths)];
  const homeIsOpen = open.some(({ path }) => path === paths.home);
  if (open.length === 0) {
    await findings.add({ id: 'permissions', severity: 'ok', message: 'only you can look into the home' });
    return;
  }
  const shown = open.slice(0, SHOWN).map(({ path, mode }) => `${path} (${(mode & 0o777).toString(8)})`);
  const more = open.length - shown.length;
  await findings.add(
    {
      id: 'permissions',
      // A closed home keeps others out of whatever is in it.
      severity: homeIsOpen ? 'problem' : 'warning',
      message: `others may look at ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      where: open[0]?.path ?? paths.home,
      fix: 'makes folders 0700 and files 0600',
    },
    async () => {
      for (const { path, isFolder } of open) fs.chmodSync(path, isFolder ? 0o700 : 0o600);
      return `closed ${open.length} files and folders to others`;
    },
  );
}

type Open = { readonly path: string; readonly mode: number; readonly isFolder: boolean };

function* openTo(paths: HomePaths): Generator<Open> {
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
  if ((stat.mode & OTHERS) !== 0) yield { path, mode: stat.mode, isFolder };
  if (isFolder && deep) for (const name of fs.readdirSync(path)) yield* look(`${path}/${name}`, true);
}
