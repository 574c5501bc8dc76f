/** What waits for somebody, each with the commands that end the wait. */
import { type InboxItem, inbox } from '../../home/inbox.ts';
import type { IndexDb } from '../../home/index-db.ts';
import { shortestUniquePrefix } from '../../home/read-model.ts';
import { absolute, tilde } from './paths.ts';
import { ago, expiry, oneLine, safe } from './text.ts';

export type NextCommand = { readonly label: string; readonly command: string };
export type InboxView = InboxItem & {
  readonly commands: readonly NextCommand[];
  /** The brief of a task that anybody may do: absolute. */
  readonly brief?: string;
};

/** @param wf how the commands name the program */
export const inboxViews = (index: IndexDb, home: string, wf: string): InboxView[] =>
  inbox(index).map((item) => {
    const commands = commandsOf(index, item, wf);
    return item.kind === 'task' && item.dispatcher === 'manual'
      ? { ...item, commands, brief: absolute(home, `tasks/${item.taskId}.md`) }
      : { ...item, commands };
  });

function commandsOf(index: IndexDb, item: InboxItem, wf: string): NextCommand[] {
  if (item.kind === 'improvement') {
    const improve = `${wf} feedback improve --workflow-id ${item.workflowId}`;
    const { changes, reverts } = item;
    return [
      { label: 'look', command: improve },
      ...(changes.length > reverts.length ? [{ label: 'apply', command: `${improve} --auto-apply` }] : []),
      ...reverts.map((id) => ({ label: 'take back', command: `${wf} feedback revert ${id}` })),
    ];
  }
  const short = shortestUniquePrefix(index, item.runId);
  switch (item.kind) {
    case 'approval': {
      const id = `A-${short}${item.approvalId.slice(`A-${item.runId}`.length)}`;
      return [
        { label: 'yes', command: `${wf} approve ${id}` },
        { label: 'no', command: `${wf} reject ${id}` },
        { label: 'look', command: `${wf} show ${short}` },
      ];
    }
    case 'task': {
      const id = `T-${short}${item.taskId.slice(`T-${item.runId}`.length)}`;
      return [
        { label: 'done', command: `${wf} report ${id} --file RESULT_FILE` },
        { label: 'failed', command: `${wf} report ${id} --status error --text WHY` },
      ];
    }
    case 'outcome':
      return [
        { label: 'done', command: `${wf} report ${short} --file RESULT_FILE` },
        { label: 'failed', command: `${wf} report ${short} --status error --text WHY` },
      ];
    case 'in-doubt':
      return [
        { label: 'it happened', command: `${wf} resolve ${short} --sent` },
        { label: 'it did not', command: `${wf} resolve ${short} --not-sent` },
        { label: 'look', command: `${wf} show ${short}` },
      ];
  }
}

type Context = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
};

export function inboxText(views: readonly InboxView[], context: Context): string {
  return views.map((view) => itemText(view, context)).join('\n');
}

function itemText(view: InboxView, { env, nowMs }: Context): string {
  const lines = [`${headOf(view)}   ${ago(view.since, nowMs)}`];
  if (view.kind !== 'improvement') lines.push(`    ${oneLine(view.task, 90)}`);
  else lines.push(...view.changes.map((change) => `    ${oneLine(change, 90)}`));
  if (view.kind === 'approval')
    lines.push(
      `    because  ${oneLine(view.reasons.join('; '), 90)}`,
      `    expires  ${expiry(view.expiresAt, view.onExpire)}`,
    );
  if (view.brief !== undefined) lines.push(`    brief  ${tilde(view.brief, env)}`);
  const width = Math.max(...view.commands.map(({ label }) => label.length)) + 1;
  for (const { label, command } of view.commands) {
    lines.push(`    ${`${label}:`.padEnd(width)}  ${safe(command)}`);
  }
  return `${lines.join('\n')}\n`;
}

function headOf(view: InboxView): string {
  const workflow = safe(view.workflowId);
  switch (view.kind) {
    case 'approval':
      return `⏸ approval   ${workflow}, ${safe(view.risk)} risk. Nothing of it was dispatched.`;
    case 'task':
      return `◐ task       ${workflow}, ${view.dispatcher === 'manual' ? 'nobody has it yet' : `handed to ${safe(view.dispatcher)}`}`;
    case 'outcome':
      return `◐ outcome    ${workflow}, waits until somebody reports it`;
    case 'in-doubt':
      return `? in doubt   ${workflow}, nobody can say whether it was performed`;
    case 'improvement':
      return `+ proposed   ${workflow}, what feedback and runs suggest to change`;
  }
}
