/** Whatever a process told somebody, also one that was killed right after, is in the log. */
import { type History, type Line, word } from './history.ts';
import type { Told } from './place.ts';

/** Exit codes that mean a bug, a corrupt log, an I/O error or a lock that did not come free. */
const NEVER = new Set([1, 65, 74, 75]);

const PROOF: Readonly<Record<string, string>> = {
  completed: 'RunCompleted',
  failed: 'RunFailed',
  cancelled: 'RunCancelled',
  handed_off: 'RunHandedOff',
};

export function acknowledged(
  history: History,
  told: readonly Told[],
): { readonly problems: readonly string[]; readonly compared: number } {
  const problems: string[] = [];
  const feedback = new Set(
    history.lines.filter(({ type }) => type === 'FeedbackSubmitted').map((line) => word(line, 'feedbackId')),
  );
  let compared = 0;
  for (const one of told) {
    const { args, code, signal, json, stdout, stderr } = one;
    const said = `wf ${args.join(' ')} (exit ${code ?? signal})`;
    // A doctor who looks into a storm finds something: that is its exit 1.
    const neverEnds = code !== null && NEVER.has(code) && !(args[0] === 'doctor' && code === 1);
    if (neverEnds || (code !== null && json === null))
      problems.push(`${said} should never happen: ${stdout.slice(0, 1000)}${stderr.slice(0, 2000)}`);
    if (signal !== null && signal !== 'SIGKILL') problems.push(`${said} died by itself: ${stderr}`);
    if (json === null) continue;
    compared++;
    const { entry, run } = json;
    if (entry !== undefined && !feedback.has(entry.feedbackId))
      problems.push(`${said} acknowledged feedback ${entry.feedbackId}, which is not in the log`);
    if (run === undefined || history.erased.has(run.runId)) continue;
    const lines = history.runs.get(run.runId)?.lines;
    if (lines === undefined) problems.push(`${said} told of run ${run.runId}, which is not in the log`);
    else problems.push(...missing(one, run.status, lines).map((what) => `${said} told of ${what}`));
  }
  return { problems, compared };
}

/** Facts that the answer states and the run's events do not. */
function missing({ args, json }: Told, status: string, lines: readonly Line[]): readonly string[] {
  const has = (type: string, matches: (line: Line) => boolean = () => true) =>
    lines.some((line) => line.type === type && matches(line));
  const wanted: string[] = [];
  const proof = PROOF[status];
  if (proof !== undefined && !has(proof)) wanted.push(`a ${status} run without ${proof}`);
  if (json?.error !== undefined) return wanted;
  if (args[0] === 'report' && !has('OutcomeReported', (line) => line.data.text === args[3]))
    wanted.push('a report that is not in the log');
  if (args[0] === 'resolve' && !has('EffectResolved', (line) => `--${word(line, 'verdict')}` === args[2]))
    wanted.push('a verdict that is not in the log');
  if (args[0] === 'cancel' && !has('RunCancelled')) wanted.push('a cancelled run that is not');
  return wanted;
}
