/**
 * Folds of a workflow's own stream: feedback entries, the newest proposal and what became of improvements. Each is
 * a step `(before, event) -> after` over one small thing, so that nothing grows with the length of the stream.
 */
import type { Text } from '../events/envelope.ts';
import type { ImprovementChange, Suggestion, WorkflowEvent } from '../events/workflow-events.ts';
import { happenedAt } from '../workflow/evolve.ts';
import type { FeedbackEntry } from './analysis-input.ts';
import { wholeCharacters } from './fence.ts';

const FEEDBACK_PREVIEW_CHARS = 2_000;

type At = { readonly ts: string; readonly meta?: { readonly occurredAt?: string } };
type Of<T extends WorkflowEvent['type']> = Extract<WorkflowEvent, { type: T }> & At;

export type FeedbackRow = FeedbackEntry & { readonly workflowId: string; readonly by: string };

export function feedbackRow(event: Of<'FeedbackSubmitted'>, resolve: (text: Text) => string): FeedbackRow {
  const { feedbackId, workflowId, runId, score, text, by } = event.data;
  return {
    feedbackId,
    workflowId,
    ...(runId === undefined ? {} : { runId }),
    score,
    text: wholeCharacters(resolve(text).slice(0, FEEDBACK_PREVIEW_CHARS)),
    by,
    at: happenedAt(event),
  };
}

export type Proposal = {
  readonly proposalId: string;
  readonly workflowId: string;
  readonly at: string;
  readonly runId?: string;
  readonly suggestions: readonly Suggestion[];
  /** What nobody has begun to carry out since, by {@link openIdOf}. Empty = nothing left to decide. */
  readonly open: readonly string[];
};

/** What a suggestion is decided by: its kind of change, or the improvement to take back; none = it is advice. */
export const openIdOf = ({ catalogueId, change, reverts }: Suggestion): string | undefined =>
  reverts ?? (change === undefined ? undefined : catalogueId);

/** A newer proposal is made from newer facts: it takes the place of the one before. */
export function proposed(event: Of<'ImprovementProposed'>): Proposal {
  const { proposalId, workflowId, runId, suggestions } = event.data;
  const open = suggestions.flatMap((suggestion) => openIdOf(suggestion) ?? []);
  return {
    proposalId,
    workflowId,
    at: happenedAt(event),
    ...(runId === undefined ? {} : { runId }),
    suggestions,
    open: [...new Set(open)],
  };
}

export function decided(proposal: Proposal, event: Of<'ImprovementIntended'>): Proposal {
  const { reverts, changes } = event.data;
  const taken = new Set(reverts === undefined ? changes.map((change) => change.catalogueId) : [reverts]);
  return { ...proposal, open: proposal.open.filter((id) => !taken.has(id)) };
}

export type Improvement = {
  readonly improvementId: string;
  readonly workflowId: string;
  readonly status: 'intended' | 'applied' | 'abandoned' | 'reverted';
  readonly beforeHash: string;
  readonly afterHash: string;
  readonly changes: readonly ImprovementChange[];
  readonly backup: string;
  /** The improvement this one takes back. */
  readonly reverts?: string;
  /** The improvement that took this one back. */
  readonly revertedBy?: string;
  /** It was once proposed to take it back, which is not done twice. */
  readonly revertProposed?: true;
  readonly intendedAt: string;
  readonly endedAt: string | null;
  /** Why it came to nothing; of one that takes another back, why it did. */
  readonly reason?: string;
};

/** Which improvements an event speaks about. */
export const improvementIdsOf = (event: WorkflowEvent): readonly string[] => {
  switch (event.type) {
    case 'ImprovementIntended':
    case 'ImprovementApplied':
    case 'ImprovementAbandoned':
      return [event.data.improvementId];
    case 'ImprovementReverted':
      return [event.data.improvementId, event.data.reverts];
    case 'ImprovementProposed':
      return event.data.suggestions.flatMap(({ reverts }) => reverts ?? []);
    case 'DefinitionRegistered':
    case 'FeedbackSubmitted':
    case 'WorkflowPaused':
    case 'WorkflowUnpaused':
    case 'ScheduleSet':
    case 'ScheduleEnded':
    case 'ScheduleSlotClaimed':
    case 'ScheduleSlotSkipped':
    case 'RunAdmitted':
    case 'AdmissionLapsed':
      return [];
  }
};

/** What one improvement is after the event; total: an event about an unknown one changes nothing. */
export function evolveImprovement(
  before: Improvement | null,
  id: string,
  event: WorkflowEvent & At,
): Improvement | null {
  if (event.type === 'ImprovementIntended' && before === null) {
    const { reverts, reason, ...data } = event.data;
    return {
      ...data,
      ...(reverts === undefined ? {} : { reverts }),
      ...(reason === undefined ? {} : { reason }),
      status: 'intended',
      intendedAt: happenedAt(event),
      endedAt: null,
    };
  }
  if (before === null) return null;
  switch (event.type) {
    case 'ImprovementProposed':
      return { ...before, revertProposed: true };
    case 'ImprovementApplied':
      return { ...before, status: 'applied', afterHash: event.data.afterHash, endedAt: happenedAt(event) };
    case 'ImprovementAbandoned':
      return { ...before, status: 'abandoned', reason: event.data.reason, endedAt: happenedAt(event) };
    case 'ImprovementReverted':
      return id === event.data.reverts
        ? { ...before, status: 'reverted', revertedBy: event.data.improvementId }
        : { ...before, status: 'applied', afterHash: event.data.afterHash, endedAt: happenedAt(event) };
    default:
      return before;
  }
}
