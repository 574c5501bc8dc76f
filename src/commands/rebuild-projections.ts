/** `wf rebuild-projections`: every projection anew from the log; `--check` compares instead and says where they differ. */
import { ExitCode } from '../errors.ts';
import { homePaths } from '../home/paths.ts';
import { checkProjections, type ProjectionProblem } from '../home/projection-check.ts';
import type { RebuildResult } from '../home/rebuild.ts';
import { homeDir } from './home-dir.ts';
import { openFor } from './home-of.ts';
import { programName } from './program-name.ts';
import { progressOn } from './progress-on.ts';
import { projectorDeps } from './projector-deps.ts';
import { printJson } from './render/list.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { safe } from './render/text.ts';
import { flag, type Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

const SHOWN_PROBLEMS = 20;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const check = flag(invocation, 'check');
  const { log, state } = homePaths(homeDir(invocation));
  // Nothing is made where nothing is: opening a home would create it.
  const home = fs.existsSync(log) || fs.existsSync(state) ? await openFor(invocation) : null;
  const progress = progressOn(io);
  const onProgress = (done: number, total: number): void =>
    progress.step(check ? 'comparing' : 'rebuilding', done / Math.max(1, total));
  if (check) {
    const deps = home === null ? null : projectorDeps(home, (text) => io.err(`note: ${safe(text)}\n`));
    const problems = deps === null ? [] : await checkProjections(deps, { onProgress });
    progress.end();
    return printCheck(invocation, problems);
  }
  const result = (await (await home?.projector())?.rebuild({ onProgress })) ?? {
    upTo: 0,
    events: 0,
    runs: 0,
    foreign: [],
  };
  progress.end();
  return printRebuilt(invocation, result);
}

function printCheck(invocation: Invocation, problems: readonly ProjectionProblem[]): ExitCode {
  const ok = problems.length === 0;
  if (invocation.json) printJson(invocation, { schema: 'wf.check/1', ok, problems });
  else
    invocation.io.out(
      ok ? '✓ every projection is what the log says\n' : problemsText(problems, programName(invocation)),
    );
  // What differs is a bug or somebody's edit: either way not what this program left behind.
  return ok ? ExitCode.ok : ExitCode.bug;
}

function problemsText(problems: readonly ProjectionProblem[], wf: string): string {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(({ path, problem, at }) => {
    const where = at === undefined ? '' : ` from byte ${at.byte}, line ${at.line}`;
    return `  ${problem.padEnd(10)} ${safe(path)}${where}\n`;
  });
  const more = problems.length - SHOWN_PROBLEMS;
  return (
    `✗ ${problems.length} differ from what the log says:\n${lines.join('')}` +
    `${more > 0 ? `  and ${more} more\n` : ''}\nMake them anew: ${wf} rebuild-projections\n`
  );
}

function printRebuilt(invocation: Invocation, result: RebuildResult): ExitCode {
  const { upTo, events, runs, foreign } = result;
  if (invocation.json) printJson(invocation, { schema: 'wf.rebuild/1', upTo, events, runs, foreign });
  else if (upTo === 0) invocation.io.out(nothingYet(invocation));
  else
    invocation.io.out(
      `✓ rebuilt from ${events} events: ${runs} run${runs === 1 ? '' : 's'}, up to seq ${upTo}\n`,
    );
  return ExitCode.ok;
}
