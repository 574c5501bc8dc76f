/** What was set aside in the past: nothing reads it again, and somebody may want to look at it or throw it away. */
import { size } from './check-disk.ts';
import type { Exam } from './exam.ts';
import type { FindingId } from './finding-kinds.ts';

const fs = process.getBuiltinModule('node:fs');

const ASIDE: readonly (readonly [FindingId, string, string])[] = [
  ['torn-files', 'logs/torn', 'unfinished writes that were set aside'],
  ['quarantined-files', 'logs/quarantine', 'what was cut off a damaged log'],
  ['foreign-files', 'state/foreign', 'files that a rebuild found and the log did not write'],
];

export async function checkSetAside({ findings, paths }: Exam): Promise<void> {
  for (const [id, folder, what] of ASIDE) {
    const where = `${paths.home}/${folder}`;
    const names = fs.existsSync(where) ? fs.readdirSync(where) : [];
    if (names.length === 0) continue;
    const bytes = names.reduce((sum, name) => sum + sizeOf(`${where}/${name}`), 0);
    await findings.add({
      id,
      severity: 'warning',
      message: `${folder} holds ${names.length} (${size(bytes)}): ${what}`,
      where,
      fix: 'Look at them; then keep them elsewhere or remove them. The program needs none of them.',
    });
  }
}

const sizeOf = (file: string): number => fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
