/**
 * Copies of definitions from before each improvement, in `definitions/.backups/`. They are never written over, and
 * nothing outside that folder is ever read as one.
 */
import fs from 'node:fs';
import path from 'node:path';
import { bug, ioError, usageError } from '../errors.ts';
import type { PreparedEdit } from './apply-edit.ts';
import { readDefinitionFile, WORKFLOW_ID_PATTERN } from './definitions.ts';
import { homePaths } from './paths.ts';
import { createSynced } from './synced-file.ts';

/**
 * Keeps the file as it was; on disk when this returns, and so before the intent that names it.
 * @returns home-relative path
 */
export function backupEdit(options: {
  readonly home: string;
  readonly improvementId: string;
  readonly prepared: PreparedEdit;
}): string {
  const { home, improvementId, prepared: edit } = options;
  if (!WORKFLOW_ID_PATTERN.test(improvementId)) throw bug(`not an id: ${JSON.stringify(improvementId)}`);
  const { definitions } = homePaths(home);
  const dir = path.join(definitions, '.backups');
  const name = `${edit.workflowId}-${improvementId}.json`;
  makeFolder(definitions, dir);
  const file = path.join(dir, name);
  // The same improvement again, after a crash before its intent: its backup is there already.
  if (!createSynced(file, edit.beforeText) && fs.readFileSync(file, 'utf8') !== edit.beforeText) {
    throw ioError('backup-exists', 'There is another file in the place of the backup.', { where: file });
  }
  return `definitions/.backups/${name}`;
}

function makeFolder(definitions: string, dir: string): void {
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw ioError('backup-failed', 'The folder for backups cannot be made; nothing was changed.', {
      where: dir,
      hint: 'Make the folder with the definitions writable for you.',
      cause,
    });
  }
  if (fs.realpathSync(dir) !== path.join(fs.realpathSync(definitions), '.backups')) {
    throw usageError('definition-outside-home', 'The folder for backups is a link.', { where: dir });
  }
}

/** @param backup home-relative path, as the log has it */
export async function readBackup(home: string, backup: string): Promise<string> {
  const file = path.join(home, backup);
  const dir = path.join(homePaths(home).definitions, '.backups');
  // The path comes from the log; a log from elsewhere must not make us read some other file.
  if (path.dirname(file) !== dir || !fs.existsSync(file) || fs.lstatSync(file).isSymbolicLink()) {
    throw ioError('backup-missing', 'The copy from before the improvement is not there.', {
      where: file,
      hint: 'Take the change out of the definition by hand.',
    });
  }
  return (await readDefinitionFile(file)).body;
}
