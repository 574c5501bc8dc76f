/**
 * A text as clauses of lower-case words, so that "not too long" can be told from "too long". Letters are Unicode
 * letters: a word is only ever found whole.
 */

export type Clause = readonly string[];

/** "good, but slow" speaks twice: what was said before the conjunction does not negate what comes after it. */
const CONJUNCTIONS: ReadonlySet<string> = new Set([
  'and',
  'but',
  'though',
  'although',
  'however',
  'yet',
  'while',
  'because',
]);

/** Contractions as people type them without the apostrophe. */
const BARE_CONTRACTIONS: ReadonlySet<string> = new Set([
  'isnt',
  'wasnt',
  'arent',
  'werent',
  'dont',
  'doesnt',
  'didnt',
  'cant',
  'wont',
  'shouldnt',
  'wouldnt',
  'couldnt',
  'hasnt',
  'havent',
]);

const CLAUSE_END = /[.,;:!?()[\]{}"“”«»|/\n\r\u2013\u2014]+|\s-+\s/u;
const WORD = /[\p{L}\p{M}\p{N}_]+(?:'[\p{L}\p{M}]+)*/gu;

/** "isn't" is "is" + "not", so that "isn't correct" and "is not correct" are one phrase. */
const expand = (word: string): readonly string[] => {
  if (word.endsWith("n't")) return [word.slice(0, -3), 'not'];
  if (BARE_CONTRACTIONS.has(word)) return [word.slice(0, -2), 'not'];
  if (word === 'cannot') return ['can', 'not'];
  return [word];
};

export const clausesOf = (text: string): readonly Clause[] => {
  const clauses: Clause[] = [];
  // toLowerCase knows no locale; NFC makes "é" one letter however it was typed.
  const plain = text.normalize('NFC').toLowerCase().replaceAll('’', "'");
  for (const piece of plain.split(CLAUSE_END)) {
    let clause: string[] = [];
    for (const word of (piece.match(WORD) ?? []).flatMap(expand)) {
      if (CONJUNCTIONS.has(word)) {
        if (clause.length > 0) clauses.push(clause);
        clause = [];
      } else clause.push(word);
    }
    if (clause.length > 0) clauses.push(clause);
  }
  return clauses;
};
