/** A home that stood elsewhere before: what its newest runs name there is here now, and what people wrote may still point there. */
import { loadState } from '../../engine/load-run.ts';
import { listRuns } from '../../home/read-model.ts';
import { movedPaths } from '../../projections/moved-paths.ts';
import type { Exam } from './exam.ts';
import { some } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

const NEWEST = 20;

export async function checkMoved({ findings, paths, open }: Exam): Promise<void> {
  const home = await open();
  const before = new Map<string, string>();
  for (const { runId } of listRuns(home.index, { limit: NEWEST }))
    for (const moved of movedPaths(await loadState(home.ports, runId), paths.home))
      if (!before.has(moved.before) && !fs.existsSync(moved.was) && fs.existsSync(moved.now))
        before.set(moved.before, `${moved.was} is now ${moved.now}`);
  for (const [folder, example] of before) {
    const naming = writtenByPeople(paths).filter((file) =>
      fs.readFileSync(file, 'utf8').includes(`${folder}/`),
    );
    const shown = naming.map((file) => file.slice(paths.home.length + 1));
    await findings.add({
      id: 'home-moved',
      severity: naming.length === 0 ? 'ok' : 'warning',
      message: `this home was at ${folder} before: ${example}${naming.length === 0 ? '' : `; ${some(shown)} still ${naming.length === 1 ? 'names' : 'name'} files there`}`,
      where: naming[0] ?? paths.home,
      ...(naming.length === 0
        ? {}
        : { fix: `Write {{home}} instead of ${folder} where a file of this home is meant.` }),
    });
  }
}

/** What is read is regular and ours; a definition that cannot be read is told by its own check. */
function writtenByPeople({ definitions, config }: Exam['paths']): readonly string[] {
  const names = fs.existsSync(definitions) ? fs.readdirSync(definitions) : [];
  return [
    ...names.filter((name) => /^[^.].*\.jsonc?$/.test(name)).map((name) => `${definitions}/${name}`),
    config,
  ].filter((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
