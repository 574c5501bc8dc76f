/**
 * Suggestions: their risk, their order, and which of them may be carried out without a person. Low risk is never a
 * claim of who suggests: it is what low-risk.ts says about the change.
 */
import type { ImprovementChange, Suggestion } from '../../events/workflow-events.ts';
import { ASK_USER, CATALOGUE, LOOK_AT_FAILURES, RAISE_ATTEMPTS, RAISE_TIMEOUT } from './catalogue.ts';
import { isLowRiskChange } from './low-risk.ts';

/** What earlier improvements did, by catalogue id. Without it the same evidence would be acted on at every run. */
export type EarlierChanges = {
  readonly applied: ReadonlySet<string>;
  readonly reverted: ReadonlySet<string>;
};
export const NO_EARLIER_CHANGES: EarlierChanges = { applied: new Set(), reverted: new Set() };

/** @param improvements every improvement of the workflow, in any order, with what became of it */
export function earlierChanges(
  improvements: Iterable<{
    readonly status: 'intended' | 'applied' | 'abandoned' | 'reverted';
    readonly changes: readonly ImprovementChange[];
    readonly reverts?: string;
  }>,
): EarlierChanges {
  const applied = new Set<string>();
  const reverted = new Set<string>();
  for (const { status, changes, reverts } of improvements) {
    // One that takes another back carries the other's changes; the other's own status tells the story.
    if (reverts !== undefined) continue;
    for (const { catalogueId } of changes) {
      if (status === 'applied') applied.add(catalogueId);
      if (status === 'reverted') reverted.add(catalogueId);
    }
  }
  return { applied, reverted };
}

export type Candidate = { readonly suggestion: Suggestion; readonly strength: number };
export type Evidence = { readonly text: string; readonly strength: number };

/** Without a change that passes the guard, a suggestion is for a person: high risk. */
export function candidate(
  catalogueId: string,
  summary: string,
  evidence: readonly Evidence[],
  change?: ImprovementChange,
): Candidate {
  return {
    strength: Math.max(...evidence.map(({ strength }) => strength)),
    suggestion: {
      catalogueId,
      risk: change !== undefined && isLowRiskChange(change) ? 'low' : 'high',
      summary,
      evidence: evidence.map(({ text }) => text),
      ...(change === undefined ? {} : { change }),
    },
  };
}

/**
 * What somebody took back is not done again by itself. A number that was raised once is left to a person as well:
 * the same failed runs stay in view for long and would raise it run after run.
 */
export function heedEarlier({ suggestion, strength }: Candidate, earlier: EarlierChanges): Candidate {
  const { catalogueId, change } = suggestion;
  const note = earlier.reverted.has(catalogueId)
    ? 'an earlier change of this kind was taken back'
    : change?.kind === 'set-value' && earlier.applied.has(catalogueId)
      ? 'it was already raised once'
      : undefined;
  if (note === undefined) return { suggestion, strength };
  return { strength, suggestion: { ...suggestion, risk: 'high', evidence: [...suggestion.evidence, note] } };
}

const RANK: readonly string[] = [
  ...CATALOGUE.map(({ catalogueId }) => catalogueId),
  RAISE_ATTEMPTS,
  RAISE_TIMEOUT,
  ASK_USER,
  LOOK_AT_FAILURES,
];

export const ordered = (candidates: readonly Candidate[]): Suggestion[] =>
  [...candidates]
    .sort(
      (a, b) =>
        Number(a.suggestion.risk === 'high') - Number(b.suggestion.risk === 'high') ||
        b.strength - a.strength ||
        RANK.indexOf(a.suggestion.catalogueId) - RANK.indexOf(b.suggestion.catalogueId),
    )
    .map(({ suggestion }) => suggestion);

/** The changes that may be made without a person, in the suggestions' order, at most `maxChanges`. */
export const selectChanges = (
  suggestions: readonly Suggestion[],
  maxChanges: number,
): readonly ImprovementChange[] =>
  suggestions
    .flatMap(({ risk, change }) => (risk === 'low' && change !== undefined ? [change] : []))
    .filter(isLowRiskChange)
    .slice(0, Math.max(0, Math.floor(maxChanges)));
