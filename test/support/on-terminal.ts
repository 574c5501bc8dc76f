/** `wf` on a terminal of its own, for what asks a person. */
import { writeFileSync } from 'node:fs';
import { type Ended, until, WF, type WfRunner } from './wf.ts';

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Runs `wf` on a terminal of its own, and types once it asks. Both outputs are one text there.
 * @param ahead typed before the program even starts
 */
export async function onTerminal(
  runner: WfRunner,
  args: readonly string[],
  typed: string,
  ahead?: string,
  question = 'Type the approval id',
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const wf = [process.execPath, WF, ...args].map(quote).join(' ');
  const go = runner.path('go');
  const command = ahead === undefined ? wf : `while [ ! -e ${quote(go)} ]; do sleep 0.02; done; exec ${wf}`;
  const { child, ended, seen } = runner.startProgram(['script', '-qec', command, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'dumb', ...env },
  });
  if (ahead !== undefined) {
    child.stdin?.write(ahead);
    // The terminal shows a line once it holds it.
    await until(() => seen().stdout.includes(ahead.trim()));
    writeFileSync(go, '');
  }
  let over = false;
  const end = ended.then((value) => {
    over = true;
    return value;
  });
  await until(() => over || seen().stdout.includes(question));
  child.stdin?.write(typed);
  return end;
}
