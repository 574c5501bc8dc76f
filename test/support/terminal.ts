/** Runs `wf` on a terminal of its own, and types once it asks. Both outputs are one text there. */
import { type Ended, until, WF, type WfRunner } from './wf.ts';

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** @param asks the words after which it is typed; a program that ends before is not typed to */
export async function onTerminal(
  runner: WfRunner,
  args: readonly string[],
  { asks, typed }: { readonly asks: string; readonly typed: string },
): Promise<Ended> {
  const wf = [process.execPath, WF, ...args].map(quote).join(' ');
  const { child, ended, seen } = runner.startProgram(['script', '-qec', wf, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'dumb' },
  });
  let over = false;
  const end = ended.then((value) => {
    over = true;
    return value;
  });
  await until(() => over || seen().stdout.includes(asks));
  child.stdin?.write(typed);
  return end;
}
