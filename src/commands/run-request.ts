/** What `wf run` asks for, from its options: the task itself and how it is to be treated. */
import { usageError } from '../errors.ts';
import { MAX_INPUT_BYTES } from '../workflow/stages/intake.ts';
import { loginName } from './login-name.ts';
import { readTextFile } from './text-file.ts';
import { argument, flag, type Invocation, option } from './verb.ts';

export function requestOf(invocation: Invocation, input: string) {
  const key = option(invocation, 'idempotency-key');
  const route = option(invocation, 'route');
  const by = loginName(invocation.env);
  return {
    workflowId: argument(invocation, 0),
    input,
    ...(key === undefined ? {} : { key }),
    force: flag(invocation, 'force'),
    ...(route === undefined ? {} : { route }),
    ...(by === undefined ? {} : { by }),
    detach: flag(invocation, 'detach'),
  };
}

/** Room for surrounding white space, which intake trims before it measures. */
const READ_LIMIT_BYTES = MAX_INPUT_BYTES * 2;

export async function readInputOption(invocation: Invocation, optional = false): Promise<string | undefined> {
  const text = option(invocation, 'input');
  const file = option(invocation, 'input-file');
  if (text !== undefined && file !== undefined) {
    throw usageError('usage', '--input and --input-file cannot be combined', { hint: 'Give one of them.' });
  }
  if (text === '-' || file === '-') return invocation.io.readStdin(READ_LIMIT_BYTES);
  if (text !== undefined) {
    // The shell hands over bytes; what is not UTF-8 arrives as U+FFFD and would silently be another task.
    if (text.includes('\uFFFD'))
      throw usageError('input-encoding', '--input is not valid UTF-8', {
        hint: 'Save the task as a UTF-8 file and use --input-file.',
      });
    return text;
  }
  if (file !== undefined) return readTextFile(file, READ_LIMIT_BYTES);
  if (optional) return undefined;
  throw usageError('usage', 'no task was given', {
    hint: 'Give one: --input "…", --input-file FILE or --input -',
  });
}
