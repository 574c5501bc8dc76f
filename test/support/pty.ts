/** `wf` on a terminal that knows cursor movements, as a person's does; both outputs are one text there. */
import { type Started, WF, type WfRunner } from './wf.ts';

export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** @param env beside `TERM=xterm` and a UTF-8 locale */
export const startOnPty = (
  runner: WfRunner,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started =>
  runner.startProgram(
    ['script', '-qec', [process.execPath, WF, ...args].map(quoted).join(' '), '/dev/null'],
    { input: { open: true }, env: { TERM: 'xterm', LANG: 'C.UTF-8', ...env } },
  );
