/** A plain sentence about why something happened, and the event in the log that it is read from. */
import { previewOf, type Text } from '../../events/envelope.ts';

export type WhyKind =
  | 'asked'
  | 'reused'
  | 'refused'
  | 'route'
  | 'tool'
  | 'approval'
  | 'act'
  | 'retry'
  | 'doubt'
  | 'check'
  | 'stage'
  | 'resumed'
  | 'end'
  | 'told'
  | 'other';

export type Sentence = {
  /** Of the event it is read from; of the newest, where it speaks of several. */
  readonly seq: number;
  readonly ts: string;
  readonly kind: WhyKind;
  readonly text: string;
};

/** What a sentence is made of before it has its place. */
export type Said = { readonly kind: WhyKind; readonly text: string };

export const say = (kind: WhyKind, text: string): Said => ({ kind, text });

/** `"a", "b" and "c"`. */
export const listed = (words: readonly string[], joint = 'and'): string => {
  const head = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  return head.length === 0 ? last : `${head.join(', ')} ${joint} ${last}`;
};

export const quoted = (words: readonly string[]): string => listed(words.map((word) => `"${word}"`));

export const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

const LONGEST = 300;

/** One line of somebody's text; what is left out can be seen with `wf show` or `wf events`. */
export const short = (text: Text): string => {
  const flat = previewOf(text).replace(/\s+/g, ' ').trim();
  return flat.length <= LONGEST ? flat : `${flat.slice(0, LONGEST).toWellFormed()}…`;
};
