/** Sentences for people, each after the seq of the event it is read from. */
import type { Sentence } from '../../projections/why/sentence.ts';
import { minute, safe } from './text.ts';

export const sentenceLines = (sentences: readonly Pick<Sentence, 'seq' | 'text'>[]): string =>
  sentences.map(({ seq, text }) => `  #${String(seq).padEnd(6)} ${safe(text)}\n`).join('');

/** The same with their time (UTC), where they are of many runs. */
export const timedLines = (sentences: readonly Pick<Sentence, 'seq' | 'ts' | 'text'>[]): string =>
  sentences.map(({ seq, ts, text }) => `  #${String(seq).padEnd(6)} ${minute(ts)}  ${safe(text)}\n`).join('');
