/** Evidence in words: which entries and which runs, and how many. Never what a person wrote. */
import type { FeedbackEntry } from './analysis-input.ts';
import type { WordSignal } from './phrases.ts';

const SHOWN = 5;

const list = (ids: readonly string[]): string => {
  const more = ids.length - SHOWN;
  return `${ids.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

export const countedFeedback = (
  signal: WordSignal,
  entries: readonly FeedbackEntry[],
  total: number,
): string =>
  `"${signal}" in ${entries.length} of ${total} feedback ${total === 1 ? 'entry' : 'entries'}: ${list(entries.map(({ feedbackId }) => feedbackId))}`;

/** `ids` may be fewer than `count`: the projection keeps only the newest. */
export const countedRuns = (
  count: number,
  total: number,
  what: string,
  ids: readonly string[] = [],
): string =>
  `${count} of ${total} ${total === 1 ? 'run' : 'runs'} ${what}${ids.length === 0 ? '' : `: ${list(ids)}`}`;
