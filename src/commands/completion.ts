/** `wf completion SHELL`: the script that lets a shell complete verbs, options and ids. */
import { ExitCode, usageError } from '../errors.ts';
import { SHELLS, script } from './completion/scripts.ts';
import { printJson } from './render/list.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const named = argument(invocation, 0);
  const shell = SHELLS.find((one) => one === named);
  if (shell === undefined)
    throw usageError('shell-unknown', `there is no completion for ${JSON.stringify(named)}`, {
      hint: `There is one for ${SHELLS.join(', ')}: wf completion bash`,
    });
  const text = script(shell);
  if (invocation.json) printJson(invocation, { schema: 'wf.completion/1', shell, script: text });
  else invocation.io.out(text);
  return ExitCode.ok;
}
