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
  /** Catalogue ids of changes that nobody has begun to apply since. Empty = nothing left to decide. */
  readonly open: readonly string[];
};

/** A newer proposal is made from newer facts: it takes the place of the one before. */
export function proposed(event: Of<'ImprovementProposed'>): Proposal {
  const { proposalId, workflowId, runId, suggestions } = event.data;
  const open = suggestions.filter((s) => s.change !== undefined).map((s) => s.catalogueId);
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
  if (event.data.reverts !== undefined) return proposal;
  const taken = new Set(event.data.changes.map((change) => change.catalogueId));
  return { ...proposal, open: proposal.open.filter((catalogueId) => !taken.has(catalogueId)) };
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
  readonly intendedAt: string;
  readonly endedAt: string | null;
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
    case 'DefinitionRegistered':
    case 'FeedbackSubmitted':
    case 'ImprovementProposed':
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
    const { reverts, ...data } = event.data;
    return {
      ...data,
      ...(reverts === undefined ? {} : { reverts }),
      status: 'intended',
      intendedAt: happenedAt(event),
      endedAt: null,
    };
  }
  if (before === null) return null;
  switch (event.type) {
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
