/** An improvement with which runs are worse: the sentence that says so, and the suggestion to take it back. */
import type { ImprovementChange, Suggestion } from '../../events/workflow-events.ts';
import type { Effect, Sample } from './effect.ts';

/** Never carried out by --auto-apply: it is no change of the catalogue. */
export const TAKE_BACK = 'take-back';

export const takeBackSuggestion = (
  improvement: { readonly improvementId: string; readonly changes: readonly ImprovementChange[] },
  effect: Effect,
): Suggestion => ({
  catalogueId: TAKE_BACK,
  risk: 'high',
  summary: `take improvement ${improvement.improvementId} (${improvement.changes.map((c) => c.catalogueId).join(', ')}) back: runs with it are worse`,
  evidence: [...worseIn(effect)],
  reverts: improvement.improvementId,
});

/** What is worse, one sentence each, with the counts it stands on. */
export function worseIn({ before, after, score, failures, duration }: Effect): readonly string[] {
  const sides = (of: (sample: Sample) => string): string => `${of(before)} before, ${of(after)} after`;
  return [
    ...(score === 'worse'
      ? [`score ${sides((s) => `${(s.meanScore ?? 0).toFixed(1)} (${s.rated} rated)`)}`]
      : []),
    ...(failures === 'worse' ? [`failed ${sides((s) => `${s.failed} of ${s.runs}`)}`] : []),
    ...(duration === 'worse'
      ? [`took ${sides((s) => `${((s.medianDurationMs ?? 0) / 1000).toFixed(1)} s (median of ${s.timed})`)}`]
      : []),
  ];
}
