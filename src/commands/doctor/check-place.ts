/**
 * Whether the home lies where a log can be kept: not on a network file system, not in a folder that a sync client
 * copies about. Network file systems are told by their number (Linux); elsewhere only synced folders are.
 */

import type { Exam } from './exam.ts';
import { kindOfFileSystem } from './file-systems.ts';
import { syncClientOf } from './synced-folders.ts';

const fs = process.getBuiltinModule('node:fs');

export async function checkPlace({ findings, paths }: Exam): Promise<void> {
  const real = fs.realpathSync(paths.home);
  const kind = kindOfFileSystem(real);
  if (kind !== null) {
    await findings.add({
      id: 'home-network',
      severity: 'problem',
      message: `the home is on a network file system (${kind})`,
      where: real,
      fix: 'Keep the home on a disk of this machine: stop every wf process, copy the whole folder there, and name it with --home or WF_HOME.',
    });
  }
  const client = syncClientOf(real);
  if (client !== null) {
    await findings.add({
      id: 'home-synced',
      severity: 'warning',
      message: `the home is in a folder that ${client.name} synchronises (${client.sign})`,
      where: real,
      fix: 'Move the home out of it, or exclude it there; stop every wf process before you move it.',
    });
  }
}
