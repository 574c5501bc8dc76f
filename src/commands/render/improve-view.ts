/** What an analysis found, for people: each suggestion with its reason and risk, and what was or would be changed. */
import type { AppliedImprovement } from '../../engine/apply-improvement.ts';
import type { Improved } from '../../engine/improve.ts';
import type { ImprovementChange, Suggestion } from '../../events/workflow-events.ts';
import type { Improvement } from '../../projections/feedback.ts';
import { formatPath } from '../../workflow/finding.ts';
import { tilde } from './paths.ts';
import { duration, minute, safe } from './text.ts';

type Context = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Newest first. */
  readonly improvements: readonly Improvement[];
  /** How the next commands name the program. */
  readonly wf: string;
};

const HOW_MANY_EARLIER = 3;

export function improvedText(improved: Improved, context: Context): string {
  const { workflowId, analysis, autoApplied } = improved;
  const { suggestions } = analysis;
  const found =
    suggestions.length === 0
      ? '\nNothing to improve yet.\n'
      : suggestions.map((suggestion, i) => `\n${suggestionText(suggestion, i + 1, context.wf)}`).join('');
  const done =
    autoApplied === null ? notApplied(improved, context) : `\n${appliedText(autoApplied, context)}`;
  return `${safe(workflowId)}: ${lookedAt(improved)}\n${found}${done}${earlier(context, autoApplied)}`;
}

function lookedAt({ analysis }: Improved): string {
  const { feedbackCount, runCount, autonomousSignals: signals } = analysis;
  const mean = signals.avgDurationMs === null ? '' : `, ${duration(signals.avgDurationMs)} on average`;
  const counts = [
    [signals.failedRuns, 'failed'],
    [signals.execFailures, 'failed in execute'],
    [signals.verifyFailures, 'failed in verify'],
    [signals.slowRuns, 'slow'],
  ] as const;
  const runs = counts.flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${what}`])).join(', ');
  const low = signals.lowScores === 0 ? '' : `, ${signals.lowScores} with a low score`;
  return (
    `${feedbackCount} feedback ${feedbackCount === 1 ? 'entry' : 'entries'}${low}; ` +
    `${runCount} run${runCount === 1 ? '' : 's'}${mean}${runs === '' ? '' : ` (${runs})`}`
  );
}

function suggestionText(
  { summary, risk, evidence, change, reverts }: Suggestion,
  n: number,
  wf: string,
): string {
  const who = risk === 'low' ? 'low risk' : 'high risk: for you to decide, never applied by itself';
  const lines = [`${n}. ${summary}   ${who}`, ...evidence.map((text) => `   because  ${text}`)];
  if (change !== undefined) lines.push(`   change   ${changeText(change)}`);
  if (reverts !== undefined) lines.push(`   do it    ${wf} feedback revert ${reverts}`);
  return `${safe(lines.join('\n'))}\n`;
}

/** The sentence itself, as it stands in the definition; a number as an instruction. */
export const sentenceOf = (change: ImprovementChange): string =>
  change.kind === 'add-assumption' ? change.sentence : changeText(change);

const changeText = (change: ImprovementChange): string =>
  change.kind === 'add-assumption'
    ? `add the assumption "${change.sentence}"`
    : `set ${formatPath(change.path)} to ${JSON.stringify(change.value)}`;

function notApplied({ workflowId, analysis, applicable }: Improved, { wf }: Context): string {
  if (analysis.suggestions.length === 0) return '';
  if (applicable === 0) return '\nNone of it is low risk: --auto-apply would change nothing.\n';
  const low = analysis.suggestions.filter(({ risk }) => risk === 'low').length;
  const which = applicable === low ? `the ${low} low-risk` : `the first ${applicable} of ${low} low-risk`;
  const changes = low === 1 ? 'the low-risk change' : `${which} changes`;
  return (
    `\nNothing was changed. --auto-apply would make ${changes}; --max-changes N says how many at once.\n\n` +
    `Apply:  ${wf} feedback improve --workflow-id ${workflowId} --auto-apply\n`
  );
}

export function appliedText(applied: AppliedImprovement, { home, env, wf }: Context): string {
  const { improvementId, changes, file, backup, copiedFromBundled } = applied;
  const copied = copiedFromBundled ? '   the home has its own copy of it now' : '';
  return (
    `● applied ${changes.length} change${changes.length === 1 ? '' : 's'} as improvement ${improvementId}; runs that start from now on have ${changes.length === 1 ? 'it' : 'them'}.\n` +
    changes.map((change) => `  ${changeText(change)}\n`).join('') +
    `  definition  ${tilde(file, env)}${copied}\n` +
    `  backup      ${tilde(`${home}/${backup}`, env)}\n\n` +
    `Take it back:  ${wf} feedback revert ${improvementId}\n`
  );
}

/** What is in force already, so that it can be taken back. */
function earlier({ improvements, wf }: Context, justNow: AppliedImprovement | null): string {
  const inForce = improvements.filter(
    ({ status, reverts, improvementId }) =>
      status === 'applied' && reverts === undefined && improvementId !== justNow?.improvementId,
  );
  if (inForce.length === 0) return '';
  const lines = inForce.slice(0, HOW_MANY_EARLIER).map(({ improvementId, changes, intendedAt }) => {
    const what = changes.map(({ catalogueId }) => catalogueId).join(', ');
    return `  ${improvementId}  ${minute(intendedAt)}  ${what}\n`;
  });
  const more = inForce.length > HOW_MANY_EARLIER ? `  and ${inForce.length - HOW_MANY_EARLIER} older\n` : '';
  return `\nIn force already (${wf} feedback revert ID takes one back):\n${lines.join('')}${more}`;
}
