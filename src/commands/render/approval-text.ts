/** What a yes is asked for: the exact text, what it is bound to, who was asked, when it expires, the yes and the no. */
import { previewOf, type Text } from '../../events/envelope.ts';
import { opsGated } from '../../workflow/ops-gate.ts';
import { type Approval, outputOf, type RunState, taskOf } from '../../workflow/state.ts';
import { type EndingContext, files, name } from './ending-parts.ts';
import { exact, indent } from './text.ts';

const HOW_LONG_PREVIEW = 4000;

/** The texts of an approval to their last character, read from where long ones are kept. */
export type WholeTexts = {
  readonly task: string;
  readonly messages: ReadonlyMap<string, string>;
  /** Files that are shown, by path. */
  readonly files: ReadonlyMap<string, string>;
};

/**
 * The exact text that will be sent, what a yes is bound to, and how to say yes or no.
 * @param whole for who is about to say yes; without it long texts are cut, and say so
 */
export function approvalText(
  run: RunState,
  approval: Approval,
  context: EndingContext,
  whole?: WholeTexts,
): string {
  const shown = (text: Text): string =>
    `${indent(exact(whole === undefined ? cut(text) : previewOf(text)), '    │ ')}\n`;
  const covers = approval.covers.map((cover) => {
    const to = cover.target === undefined ? '' : ` to ${exact(cover.target)}`;
    return `  step ${exact(cover.step)}: ${cover.dispatcher}${to}\n${shown(whole?.messages.get(cover.step) ?? cover.message)}`;
  });
  // A program is given the task beside its command line (WF_TASK): a yes to one without the other would be blind.
  const given = approval.covers.some((cover) => cover.dispatcher === 'command');
  const task = whole?.task ?? opsGated(outputOf(run, 'classify')?.route ?? '', cut(taskOf(run)));
  const withTask = given ? `  with the task\n${shown(task)}` : '';
  const nothing = run.effects.length === 0 ? 'Nothing was dispatched.' : 'Nothing more was dispatched.';
  const id = `A-${context.short(run.runId)}${approval.approvalId.slice(`A-${run.runId}`.length)}`;
  return (
    `⏸ waits for your approval: ${approval.risk} risk (${exact(approval.reasons.join('; '))}). ${nothing}\n\n` +
    `Exactly this will be dispatched:\n${covers.join('')}${withTask}${shownFiles(whole)}\n` +
    `  bound to  ${approval.binding.slice(0, 16)}   a changed definition, input, target or message asks again\n` +
    `${boundFiles(approval)}  expires   ${approval.expiresAt === undefined ? 'never' : `${approval.expiresAt}, then the run ${approval.onExpire === 'skip' ? 'goes on without' : 'is cancelled'}`}\n${whole === undefined ? asked(run, context) : ''}\n` +
    `Yes:  ${context.wf} approve ${id}\nNo:   ${context.wf} reject ${id}\n${whole === undefined ? '' : '\n'}`
  );
}

/** Where else the question went: who is asked nowhere else has to hear that from the screen. */
function asked(run: RunState, context: EndingContext): string {
  const { told, wf } = context;
  // Told by the process that asked, which may have been another one.
  const also =
    told === undefined ? `who was told: ${wf} show ${name(run, context)}` : 'nobody else is told (no notify)';
  const here = told !== undefined && told.length > 0 ? '' : `  asked     here and in ${wf} inbox; ${also}\n`;
  return `${files(run, context)}${here}`;
}

/** What the work has made: a yes to its delivery is a yes to these very bytes. */
function boundFiles(approval: Approval): string {
  const lines = (approval.files ?? []).map(
    ({ file, sha256 }) =>
      `  file      ${exact(file)}   ${sha256 === 'missing' ? 'missing' : sha256.slice(0, 16)}\n`,
  );
  return lines.length === 0 ? '' : `${lines.join('')}            a changed byte asks again\n`;
}

const shownFiles = (whole: WholeTexts | undefined): string =>
  [...(whole?.files ?? [])]
    .map(([file, text]) => `  ${exact(file)}\n${indent(exact(text), '    │ ')}\n`)
    .join('');

const cut = (text: Text): string => {
  const preview = previewOf(text);
  if (typeof text === 'string' && preview.length <= HOW_LONG_PREVIEW) return preview;
  return `${preview.slice(0, HOW_LONG_PREVIEW)}\n[… cut here; wf approve shows all of it before it asks]`;
};
