/** Whether there is room, and what has grown so large that somebody should know. Nothing is removed by itself. */
import { entriesOf } from '../../home/folder-names.ts';
import type { Exam } from './exam.ts';
import { plural } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

export const MIB = 1024 * 1024;
const LOW_BYTES = 512 * MIB;
const FULL_BYTES = 32 * MIB;
const LARGE_LOG_BYTES = 1024 * MIB;
const MANY_ARTIFACTS = 10_000;

export async function checkDisk({ findings, paths }: Exam): Promise<void> {
  const { bavail, bsize } = fs.statfsSync(paths.home);
  const freeBytes = bavail * bsize;
  if (freeBytes < LOW_BYTES) {
    await findings.add({
      id: 'disk-space',
      severity: freeBytes < FULL_BYTES ? 'problem' : 'warning',
      message: `${size(freeBytes)} are left on the disk of the home`,
      where: paths.home,
      fix: `Make room. What may go: logs/torn, state/foreign, old folders in artifacts/.`,
    });
  }
  const logBytes = fs.statSync(paths.log, { throwIfNoEntry: false })?.size ?? 0;
  if (logBytes > LARGE_LOG_BYTES) {
    await findings.add({
      id: 'log-size',
      severity: 'warning',
      message: `the log has ${size(logBytes)}`,
      where: paths.log,
      fix: 'Nothing has to be done: a run costs the same at any length.',
    });
  }
  let artifacts = 0;
  for (const _ of entriesOf(paths.artifacts)) artifacts += 1;
  if (artifacts > MANY_ARTIFACTS) {
    await findings.add({
      id: 'artifacts-size',
      severity: 'warning',
      message: `artifacts/ holds files of ${plural(artifacts, 'run')}`,
      where: paths.artifacts,
      fix: 'Remove or move what nobody needs any more: the program never reads it again.',
    });
  }
}

export const size = (bytes: number): string =>
  bytes < MIB
    ? `${Math.ceil(bytes / 1024)} KiB`
    : bytes < 1024 * MIB
      ? `${Math.round(bytes / MIB)} MiB`
      : `${(bytes / MIB / 1024).toFixed(1)} GiB`;
