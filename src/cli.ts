/** argv -> command -> exit code. No logic: what a verb does is in src/commands, one file each. */
import { parseArgv } from './commands/parse-argv.ts';
import { processIo } from './commands/process-io.ts';
import { programName } from './commands/program-name.ts';
import { RUN_VERBS } from './commands/verbs/run-verbs.ts';
import { failpoint } from './failpoint.ts';

/**
 * @param packageDir the package's own folder: its definitions/ and scripts/ belong to the program
 * @returns the process's exit code; the table is in ARCHITECTURE.md
 */
export async function main(argv: readonly string[], packageDir: string): Promise<number> {
  // Everything the program makes is the owner's alone, whoever's library opens the file.
  process.umask(0o077);
  const io = processIo();
  const json = argv.includes('--json');
  let wf = 'wf';
  try {
    const parsed =
      parseArgv(argv, RUN_VERBS) ?? (await (await import('./commands/any-verb.ts')).anyVerb(argv, io));
    if (typeof parsed === 'number') return parsed;
    wf = programName({ options: parsed.options, env: process.env });
    const { run } = await parsed.verb.load();
    const { args, options } = parsed;
    const code = await run({
      args,
      options,
      env: process.env,
      packageDir,
      io,
      json: options.get('json') === true,
    });
    failpoint('answer.told');
    return code;
  } catch (error) {
    // Most commands end well and need not load this.
    const { printError } = await import('./commands/print-error.ts');
    return printError(error, io, json, wf);
  }
}
