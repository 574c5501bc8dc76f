/** What a proposal would have changed in the messages of the past, for people. */
import type { BackTestedMessage } from '../../engine/back-test.ts';
import type { ImprovementChange } from '../../events/workflow-events.ts';
import { hunks } from './diff-text.ts';
import { sentenceOf } from './improve-view.ts';
import { oneLine, safe } from './text.ts';

export type BackTestView = {
  readonly schema: 'wf.back-test/1';
  readonly workflowId: string;
  /** Those that --auto-apply would make. */
  readonly changes: readonly ImprovementChange[];
  readonly messages: number;
  readonly changed: number;
  /** Newest first. */
  readonly items: readonly BackTestedMessage[];
  readonly leftOut: readonly { readonly runId: string; readonly reason: string }[];
};

const SHOWN = 5;
const WIDTH = 120;

export function backTestText(view: BackTestView, wf: string): string {
  const { workflowId, changes, messages, changed, items, leftOut } = view;
  const id = safe(workflowId);
  if (changes.length === 0)
    return `${id}: nothing is suggested that --auto-apply would change; no message would be another.\n`;
  const proposal = changes.map((change) => `  + ${oneLine(sentenceOf(change), WIDTH)}\n`).join('');
  const missing = leftOut
    .slice(0, SHOWN)
    .map(({ runId, reason }) => `  left out: run ${runId}: ${oneLine(reason, WIDTH)}\n`)
    .join('');
  const head = `${id}: with this proposal\n${proposal}`;
  if (messages === 0) return `${head}\nNo message was sent yet that it could have changed.\n${missing}`;
  const counts = `\n${changed} of the newest ${messages === 1 ? 'message' : `${messages} messages`} would have been another.\n`;
  const differing = items.filter(({ lines }) => lines.length > 0);
  const shown = differing
    .slice(0, SHOWN)
    .map(
      ({ runId, step, dispatcher, lines }) =>
        `\nrun ${runId}, ${safe(step)} (${dispatcher})\n${hunks(lines)}`,
    );
  const more = differing.length - shown.length;
  const numbers = changes.some(({ kind }) => kind === 'set-value') ? 'A number changes no message. ' : '';
  return (
    `${head}${counts}${shown.join('')}${more > 0 ? `\nand ${more} more (--json has them all)\n` : ''}${missing}\n` +
    `${numbers}Nothing was changed or sent. Apply:  ${wf} feedback improve --workflow-id ${id} --auto-apply\n`
  );
}
