/**
 * The words and phrases that speak for a signal. Lower case, contractions expanded ("is not"), and of two that
 * match at one place the longer one counts: "not long enough" is about too short, not about long.
 */

export const WORD_SIGNALS = ['sources', 'too-long', 'too-short', 'wrong', 'slow'] as const;
export type WordSignal = (typeof WORD_SIGNALS)[number];

const PHRASES: Readonly<Record<WordSignal, readonly string[]>> = {
  sources: [
    'source',
    'sources',
    'link',
    'links',
    'citation',
    'citations',
    'cite',
    'cited',
    'reference',
    'references',
    'evidence',
    'unsourced',
    'not enough sources',
    'not enough links',
    'not enough source links',
  ],
  'too-long': [
    'too long',
    'long winded',
    'longwinded',
    'too lengthy',
    'lengthy',
    'verbose',
    'wordy',
    'rambling',
    'rambles',
    'bloated',
    'tighter',
    'tighten',
    'shorter',
    'shorten',
    'more concise',
    'be concise',
    'not concise',
    'not concise enough',
    'not short enough',
    'too much detail',
    'too much text',
    'too detailed',
    'too many words',
    'less detail',
    'less text',
    'fewer words',
    'repetitive',
    'tldr',
  ],
  'too-short': [
    'too short',
    'too brief',
    'too thin',
    'thin',
    'shallow',
    'superficial',
    'more detail',
    'more details',
    'more detailed',
    'more depth',
    'more in depth',
    'more verbose',
    'more context',
    'not enough detail',
    'not enough details',
    'not enough depth',
    'not detailed enough',
    'not long enough',
    'not verbose enough',
    'too little detail',
    'lacks detail',
    'lacks depth',
    'be longer',
    'longer please',
    'expand on',
    'elaborate',
  ],
  wrong: [
    'wrong',
    'wrongly',
    'incorrect',
    'incorrectly',
    'inaccurate',
    'inaccuracy',
    'inaccuracies',
    'mistake',
    'mistakes',
    'mistaken',
    'false',
    'untrue',
    'made up',
    'makes things up',
    'make things up',
    'made things up',
    'fabricated',
    'hallucinated',
    'hallucinates',
    'hallucination',
    'hallucinations',
    'factual error',
    'factual errors',
    'not correct',
    'not accurate',
    'not true',
    'not right',
  ],
  slow: [
    'slow',
    'slower',
    'slowly',
    'sluggish',
    'late',
    'too late',
    'delayed',
    'takes forever',
    'took forever',
    'faster',
    'quicker',
    'speed up',
    'not fast enough',
    'not quick enough',
    'too long to finish',
    'too long to run',
    'too long to complete',
    'too long to arrive',
    'too much time',
  ],
};

export type Phrase = { readonly signal: WordSignal; readonly words: readonly string[] };

/** By first word, longest first. A Map: user text may well say "constructor". */
export const PHRASES_BY_FIRST_WORD: ReadonlyMap<string, readonly Phrase[]> = (() => {
  const index = new Map<string, Phrase[]>();
  for (const signal of WORD_SIGNALS) {
    for (const text of PHRASES[signal]) {
      const words = text.split(' ');
      const [first = ''] = words;
      index.set(first, [...(index.get(first) ?? []), { signal, words }]);
    }
  }
  for (const list of index.values()) list.sort((a, b) => b.words.length - a.words.length);
  return index;
})();
