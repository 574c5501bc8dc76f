/** How a run failed or what it waits for, in words. Apart from the other endings: a run that ends well does not load it. */
import { previewOf } from '../../events/envelope.ts';
import { type Effect, RUN_COST_LIMIT, type RunState } from '../../workflow/state.ts';
import { approvalText } from './approval-text.ts';
import { type EndingContext, files, name, took, workOf } from './ending-parts.ts';
import { oneLine, safe } from './text.ts';

export function failed(run: RunState, context: EndingContext): string {
  const { error } = run;
  const at =
    error === null
      ? ''
      : ` at ${error.stage}${error.step === undefined || error.step === 'main' ? '' : `, step ${error.step}`}`;
  // What a limit has stopped was not begun, and the act before it did not fail.
  const effect = error?.stage === 'execute' && error.code !== RUN_COST_LIMIT ? run.effects.at(-1) : undefined;
  // A check that fails says what is missing; why it is missing, only who was to make it has said.
  const speaker = error?.stage === 'verify' ? workOf(run) : effect;
  const said = speaker?.report?.text ?? (speaker === effect ? speaker?.stderr : undefined) ?? speaker?.stdout;
  const lastWords =
    said === undefined
      ? ''
      : `  its last words  ${oneLine(
          previewOf(said)
            .slice(-300)
            .replace(/^[\uDC00-\uDFFF]/, ''),
          200,
        )}\n`;
  return (
    `✗ failed${at} after ${took(run)}: ${safe(error?.message ?? 'no reason recorded')}\n${lastWords}` +
    `  ${notRetried(effect)}\n${files(run, context)}\n` +
    `Try again from there:  ${context.wf} resume ${name(run, context)}\n` +
    `Look:                  ${context.wf} show ${name(run, context)}\n`
  );
}

function notRetried(effect: Effect | undefined): string {
  if (effect === undefined) return 'Nothing was dispatched after that.';
  if (effect.status === 'not_performed') return `It was certainly not performed (attempt ${effect.attempt}).`;
  if (effect.attempt > 1)
    return `It was performed and failed, and is not tried again by itself (attempt ${effect.attempt}).`;
  return `It was performed and failed, so it was not repeated by itself (attempt ${effect.attempt}).`;
}

export function waiting(run: RunState, context: EndingContext): string {
  const wait = run.waiting;
  if (wait === null) return '';
  switch (wait.for) {
    case 'approval': {
      const approval = run.approvals.find((candidate) => candidate.approvalId === wait.id);
      return approval === undefined ? '' : approvalText(run, approval, context);
    }
    case 'outcome':
      return `◐ waits for the outcome of what was handed over.\n${files(run, context)}
Report it:  ${context.wf} report ${name(run, context)} --file RESULT_FILE
it failed:  ${context.wf} report ${name(run, context)} --status error --text WHY
Look:       ${context.wf} show ${name(run, context)}
`;
    case 'unknown-effect': {
      const effect = run.effects.find((candidate) => candidate.effectId === wait.id);
      return (
        `? in doubt: nobody can say whether step ${effect?.step ?? '?'} was performed. It was not repeated.\n` +
        `  why       ${safe(effect?.error?.message ?? '')}\n` +
        `  what      ${oneLine(effect === undefined ? '' : previewOf(effect.preview), 160)}\n${files(run, context)}\n` +
        `Look where it would have had its effect, then say which it was:\n` +
        `  it happened:      ${context.wf} resolve ${context.short(run.runId)} --sent\n` +
        `  it did not:       ${context.wf} resolve ${context.short(run.runId)} --not-sent\n`
      );
    }
    case 'retry':
      return `↻ waits until ${wait.until} for its next attempt.\n\nLook: ${context.wf} show ${name(run, context)}\n`;
  }
}
