/** Reads a text a user names by its file. */
import { usageError } from '../errors.ts';
import { decodeUtf8 } from './process-io.ts';

const fs = process.getBuiltinModule('node:fs');

/** @throws {WfError} exit 2 for a file that is missing, too large or not UTF-8 */
export function readTextFile(file: string, limitBytes: number): string {
  try {
    const { size } = fs.statSync(file);
    if (size > limitBytes) {
      throw usageError('input-too-large', `${file} is ${size} bytes; the limit is ${limitBytes}`, {
        hint: 'Name the file in the task instead.',
      });
    }
    return decodeUtf8(fs.readFileSync(file), file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof code !== 'string' || !code.startsWith('E')) throw error;
    throw usageError(
      'input-file',
      `cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`,
      { where: file, hint: 'Check the path.', cause: error },
    );
  }
}
