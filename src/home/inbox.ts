/** "What waits for me?", and the lookups of what is waited for. Answered from `index.db` alone. */
import type { Proposal } from '../projections/feedback.ts';
import type { IndexDb, Rows } from './index-db.ts';

type OfRun = {
  readonly runId: string;
  readonly workflowId: string;
  readonly task: string;
  readonly since: string;
};

export type InboxItem =
  | (OfRun & {
      readonly kind: 'approval';
      readonly approvalId: string;
      readonly risk: string;
      readonly reasons: readonly string[];
      /** Until when it can be answered; absent = for ever. */
      readonly expiresAt?: string;
      /** What becomes of the run then; absent = it is cancelled. */
      readonly onExpire?: 'cancel' | 'skip';
    })
  | (OfRun & {
      readonly kind: 'task';
      readonly taskId: string;
      readonly step: string;
      /** Who has it: `manual` is whoever reads the brief. */
      readonly dispatcher: string;
    })
  | (OfRun & { readonly kind: 'outcome'; readonly effectId: string })
  | (OfRun & { readonly kind: 'in-doubt'; readonly effectId: string })
  | {
      readonly kind: 'improvement';
      readonly proposalId: string;
      readonly workflowId: string;
      readonly since: string;
      /** Summaries of the changes that nobody has decided about. */
      readonly changes: readonly string[];
      /** Improvements that some of them would take back. */
      readonly reverts: readonly string[];
    };

/** Oldest first: what has waited longest comes first. At most `limit` of each kind. */
export function inbox(index: Rows, limit = 100): InboxItem[] {
  const items = [
    ...approvals(index, limit),
    ...tasks(index, limit),
    ...stopped(index, limit),
    ...proposals(index, limit),
  ];
  return items.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
}

type ApprovalRow = {
  readonly approvalId: string;
  readonly risk: string;
  readonly reasons: string;
  readonly expiresAt: string | null;
  readonly onExpire: 'cancel' | 'skip' | null;
};

function approvals(index: Rows, limit: number): InboxItem[] {
  return index
    .all<OfRun & ApprovalRow>(
      `SELECT a.approvalId, a.risk, a.reasons, a.expiresAt, a.onExpire, a.requestedAt AS since, r.runId, r.workflowId, r.task
       FROM approvals a JOIN runs r ON r.runId = a.runId WHERE a.status = 'pending' ORDER BY a.requestedAt LIMIT ?`,
      limit,
    )
    .map(({ expiresAt, onExpire, ...row }) => ({
      ...row,
      kind: 'approval',
      reasons: JSON.parse(row.reasons) as string[],
      ...(expiresAt === null ? {} : { expiresAt }),
      ...(onExpire === null ? {} : { onExpire }),
    }));
}

function tasks(index: Rows, limit: number): InboxItem[] {
  return index
    .all<OfRun & { taskId: string; step: string; dispatcher: string }>(
      `SELECT t.taskId, t.step, t.dispatcher, t.since, r.runId, r.workflowId, r.task
       FROM tasks t JOIN runs r ON r.runId = t.runId WHERE t.status = 'handed_off' ORDER BY t.since LIMIT ?`,
      limit,
    )
    .map((row) => ({ ...row, kind: 'task' }));
}

/** Runs in doubt, and those whose outcome nobody can report by a task's id. */
function stopped(index: Rows, limit: number): InboxItem[] {
  return index
    .all<OfRun & { effectId: string; waitingFor: string }>(
      `SELECT r.waitingId AS effectId, r.waitingFor, r.updatedAt AS since, r.runId, r.workflowId, r.task
       FROM runs r WHERE r.status = 'waiting' AND r.waitingFor IN ('outcome', 'unknown-effect')
         AND (r.waitingFor = 'unknown-effect' OR NOT EXISTS (
           SELECT 1 FROM tasks t WHERE t.runId = r.runId AND t.effectId = r.waitingId AND t.status = 'handed_off'))
       ORDER BY r.firstSeq LIMIT ?`,
      limit,
    )
    .map(({ waitingFor, ...row }) => ({ ...row, kind: waitingFor === 'outcome' ? 'outcome' : 'in-doubt' }));
}

function proposals(index: Rows, limit: number): InboxItem[] {
  return index
    .all<{ json: string }>(
      'SELECT json FROM proposals WHERE newest = 1 AND undecided > 0 ORDER BY seq LIMIT ?',
      limit,
    )
    .map(({ json }) => {
      const { proposalId, workflowId, at, suggestions, open } = JSON.parse(json) as Proposal;
      const undecided = suggestions.filter((s) => open.includes(s.reverts ?? s.catalogueId));
      const changes = undecided.map((s) => s.summary);
      const reverts = undecided.flatMap((s) => s.reverts ?? []);
      return { kind: 'improvement', proposalId, workflowId, since: at, changes, reverts };
    });
}

/** The newest proposal of a workflow, decided or not. */
export function newestProposal(index: IndexDb, workflowId: string): Proposal | null {
  const row = index.get<{ json: string }>(
    'SELECT json FROM proposals WHERE workflowId = ? AND newest = 1',
    workflowId,
  );
  return row === undefined ? null : (JSON.parse(row.json) as Proposal);
}
