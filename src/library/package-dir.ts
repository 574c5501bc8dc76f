/** Where the package lies: its definitions/ and scripts/ belong to the engine. */
import { fileURLToPath } from 'node:url';
import { usageError } from '../errors.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

/** @throws {WfError} package-incomplete (2): this code was copied out of its package */
export function packageDir(): string {
  for (let dir = path.dirname(fileURLToPath(import.meta.url)), last = ''; dir !== last; ) {
    if (fs.existsSync(`${dir}/definitions/workflow.schema.json`)) return dir;
    last = dir;
    dir = path.dirname(dir);
  }
  throw usageError('package-incomplete', 'the files of the package workflow-engine are not there', {
    where: import.meta.url,
    hint: 'Leave workflow-engine out of your bundle ("external"), so that it is loaded from node_modules.',
  });
}
