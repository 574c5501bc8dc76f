/** Files under temporary names whose writer is gone. They were never renamed into place, so nobody reads them. */

import { pidExists } from '../../effects/process-table.ts';
import { isTempName } from '../../home/file-sink.ts';
import { entriesOf } from '../../home/folder-names.ts';
import { PROJECTED_DIRS } from '../../projections/catalogue.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

/** Of an edit of a definition, and of a log that was written anew: their names tell no process. */
const UNSIGNED = /^(\..+\.jsonc?(\.[0-9a-f]{12})?\.tmp|events\.jsonl\.repaired)$/;
const OLD_MS = 3_600_000;

export async function checkTempFiles({ findings, paths, now }: Exam): Promise<void> {
  const left: string[] = [];
  for (const folder of ['.', 'logs', 'state', 'blobs', 'definitions', ...PROJECTED_DIRS]) {
    const place = folder === '.' ? paths.home : `${paths.home}/${folder}`;
    for (const { name } of entriesOf(place)) {
      if (isLeft(`${place}/${name}`, name, now())) left.push(`${place}/${name}`);
    }
  }
  if (left.length === 0) return;
  const shown = left.map((path) => path.slice(paths.home.length + 1));
  await findings.add(
    {
      id: 'temp-files',
      severity: 'warning',
      message: `${plural(left.length, 'temporary file')} of processes that are gone: ${some(shown)}`,
      where: left[0] ?? paths.home,
      fix: 'removes them',
    },
    () => {
      for (const file of left) fs.rmSync(file, { force: true });
      return `removed ${plural(left.length, 'file')}`;
    },
  );
}

function isLeft(file: string, name: string, nowMs: number): boolean {
  if (!isTempName(name) && !UNSIGNED.test(name)) return false;
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return false;
  const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
  return isTempName(name) && pid !== undefined ? !pidExists(Number(pid)) : nowMs - stat.mtimeMs > OLD_MS;
}
