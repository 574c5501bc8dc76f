/**
 * The brief that goes with a task: the task, the plan, the assumptions, where to put files, how to report. It is
 * what self-improvement changes. Feedback text is never quoted in it.
 */
import { artifactsOf, type RunContext } from './context.ts';
import { withoutOps } from './ops-gate.ts';
import { outputOf, type RunState } from './state.ts';

/** The task's id, where an outcome may be reported. */
export const taskIdOf = (runId: string, step: string): string =>
  step === 'main' ? `T-${runId}` : `T-${runId}.${step}`;

/**
 * @param nonce the attempt's one-time word; empty when the brief is rendered for an approval
 * @param attached paths of files that whoever does the work is to read
 */
export function renderBrief(
  context: RunContext,
  state: RunState,
  step: string,
  nonce: string,
  attached: readonly string[] = [],
): string {
  const plan = outputOf(state, 'plan');
  const taskId = taskIdOf(state.runId, step);
  // Whoever does the work may run elsewhere, where another home is the default.
  const where = ` --home '${context.home.replaceAll("'", "'\\''")}'`;
  const proof = `${nonce === '' ? '' : ` --nonce ${nonce}`}${where}`;
  return [
    withoutOps(context.input.task),
    '',
    ...section('Plan', numbered(plan?.steps ?? [])),
    ...section(
      'Assumptions',
      (plan?.assumptions ?? []).map((line) => `- ${line}`),
    ),
    ...section(
      'Material',
      attached.map((path) => `- ${path}`),
    ),
    ...section(
      'Sent back',
      (state.redo?.reasons ?? []).map(
        (reason) => `- ${reason === '' ? 'The result was not approved.' : reason}`,
      ),
    ),
    ...section('Files', [`Put every file you make into ${artifactsOf(context, state.runId)}`]),
    ...section('Report', [
      'When the work is done, report it once:',
      `    wf report ${taskId} --status ok --file RESULT_FILE${proof}`,
      'If it cannot be done, say why:',
      `    wf report ${taskId} --status error --text "what went wrong"${proof}`,
    ]),
  ]
    .join('\n')
    .trimEnd();
}

const numbered = (lines: readonly string[]): string[] => lines.map((line, i) => `${i + 1}. ${line}`);

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`## ${title}`, ...lines, ''];
