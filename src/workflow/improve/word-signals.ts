/**
 * What one feedback text complains about. Pure word matching with simple negation, so that anybody can predict it;
 * it decides what is proposed, and the text itself goes nowhere.
 */
import { PHRASES_BY_FIRST_WORD, type Phrase, type WordSignal } from './phrases.ts';
import { type Clause, clausesOf } from './words.ts';

const NEGATORS: ReadonlySet<string> = new Set([
  'not',
  'no',
  'never',
  'nothing',
  'neither',
  'nor',
  'none',
  'nobody',
  'hardly',
  'barely',
  'rarely',
  'without',
]);
/** How many words before a phrase may negate it. */
const REACH = 3;
/** "No it is wrong" answers a question: a bare "no" reaches only over "longer", "more", "way too". */
const REACH_OF_NO = 2;
/** "I don't think it was too long": the negation reaches through these. */
const OPENERS: ReadonlySet<string> = new Set([
  'think',
  'believe',
  'feel',
  'find',
  'make',
  'get',
  'want',
  'need',
]);
const REACH_THROUGH_OPENER = 5;
const NEW_SUBJECTS: ReadonlySet<string> = new Set(["it's", 'it', 'this', 'that', 'they', 'he', 'she', 'you']);

function isNegated(clause: Clause, start: number): boolean {
  let throughSubject = false;
  for (let back = 1; back <= REACH_THROUGH_OPENER && back <= start; back++) {
    const word = clause[start - back] ?? '';
    const after = clause[start - back + 1] ?? '';
    if (NEGATORS.has(word)) {
      const limits = after === 'only' || after === 'just' || after === 'merely';
      if (OPENERS.has(after)) return true;
      return !limits && !throughSubject && back <= (word === 'no' ? REACH_OF_NO : REACH);
    }
    if (NEW_SUBJECTS.has(word)) throughSubject = true;
  }
  return false;
}

/** "takes too long", "took me far too long" speak of the clock, not of the text. */
const TIME_WORDS: ReadonlySet<string> = new Set([
  'take',
  'takes',
  'took',
  'taken',
  'taking',
  'wait',
  'waited',
  'waiting',
]);

const WANTING: ReadonlySet<string> = new Set([
  'need',
  'needs',
  'needed',
  'more',
  'add',
  'missing',
  'lack',
  'lacks',
  'lacking',
  'without',
  'no',
  'not',
  'few',
  'want',
  'include',
]);
const REFUSING: readonly (readonly string[])[] = [
  ['no', 'more'],
  ['no', 'need'],
  ['not', 'need'],
  ['not', 'want'],
  ['not', 'add'],
  ['not', 'include'],
  ['too', 'many'],
  ['too', 'much'],
  ['fewer'],
  ['less'],
];
const PRAISE: ReadonlySet<string> = new Set([
  'good',
  'great',
  'excellent',
  'perfect',
  'nice',
  'solid',
  'helpful',
  'useful',
  'enough',
  'plenty',
  'love',
  'loved',
  'like',
  'liked',
  'fine',
]);

const containsRun = (words: readonly string[], run: readonly string[]): boolean =>
  words.some((_, start) => run.every((word, offset) => words[start + offset] === word));

/** For sources a negation is the complaint itself ("no sources"), so the test is what is said about them. */
function wantsSources(clause: Clause, start: number, end: number): boolean {
  if (clause[start] === 'source' && (clause[start - 1] === 'open' || clause[end] === 'code')) return false;
  const before = clause.slice(Math.max(0, start - 4), start);
  if (REFUSING.some((run) => containsRun(before, run))) return false;
  // "not enough sources" begins with its own "not"; "links are missing" has the want behind it.
  if (clause[start] === 'not' || before.some((word) => WANTING.has(word))) return true;
  const after = clause.slice(end, end + 3);
  if (after.some((word) => WANTING.has(word))) return true;
  return ![...before, ...after].some((word) => PRAISE.has(word));
}

function signalOf(clause: Clause, start: number, phrase: Phrase): WordSignal | undefined {
  const end = start + phrase.words.length;
  if (phrase.signal === 'sources') return wantsSources(clause, start, end) ? 'sources' : undefined;
  if (isNegated(clause, start)) return undefined;
  const aboutTime = clause.slice(Math.max(0, start - 4), start).some((word) => TIME_WORDS.has(word));
  if (phrase.signal === 'too-long' && phrase.words.join(' ') === 'too long' && aboutTime) return 'slow';
  return phrase.signal;
}

export function wordSignals(text: string): ReadonlySet<WordSignal> {
  const found = new Set<WordSignal>();
  for (const clause of clausesOf(text)) {
    let at = 0;
    while (at < clause.length) {
      const phrase = PHRASES_BY_FIRST_WORD.get(clause[at] ?? '')?.find((candidate) =>
        candidate.words.every((word, offset) => clause[at + offset] === word),
      );
      const signal = phrase === undefined ? undefined : signalOf(clause, at, phrase);
      if (signal !== undefined) found.add(signal);
      at += phrase?.words.length ?? 1;
    }
  }
  return found;
}
