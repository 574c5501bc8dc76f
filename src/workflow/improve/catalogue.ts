/**
 * Everything that self-improvement may ever write into a definition: these sentences, and two numbers within
 * low-risk.ts's bounds. It is code and not configuration, so that no feedback can bring in words of its own.
 */

export type CatalogueEntry = {
  readonly catalogueId: string;
  readonly sentence: string;
  /** Older wordings that say the same: a definition with one of them is not given ours as well. */
  readonly covers: readonly string[];
  readonly summary: string;
};

export const CITE_SOURCES: CatalogueEntry = {
  catalogueId: 'cite-sources',
  sentence: 'Give a source link for every key claim, with the date where the fact may have changed since.',
  covers: ['Always include source links for key claims and date-tag major facts.'],
  summary: 'ask for source links',
};

export const KEEP_IT_TIGHT: CatalogueEntry = {
  catalogueId: 'keep-it-tight',
  sentence:
    'Keep summaries and reports tight: the answer first, no repetition, nothing that does not support it.',
  covers: ['Prefer concise outputs unless user explicitly asks for long-form detail.'],
  summary: 'ask for shorter texts',
};

export const GIVE_DETAIL: CatalogueEntry = {
  catalogueId: 'give-detail',
  sentence: 'Give enough detail to act on: for each main point its reason, a figure or an example.',
  covers: [],
  summary: 'ask for more detail',
};

export const CHECK_FACTS: CatalogueEntry = {
  catalogueId: 'check-facts',
  sentence: 'Check every name, figure and date before handing in, and mark what could not be checked.',
  covers: [],
  summary: 'ask for checked facts',
};

export const WORK_QUICKLY: CatalogueEntry = {
  catalogueId: 'work-quickly',
  sentence: 'Do what matters most first, and stop researching when more of it would not change the result.',
  covers: ['Optimize for speed: limit low-value deep dives and prioritize high-signal sources first.'],
  summary: 'ask for quicker work',
};

export const CHECK_FILES: CatalogueEntry = {
  catalogueId: 'check-files',
  sentence: 'Before handing in, check that every required file is where the task says and is complete.',
  covers: [],
  summary: 'ask for a check of the required files',
};

export const REPORT_FAILURES: CatalogueEntry = {
  catalogueId: 'report-failures',
  sentence:
    'When something fails, report its exact reason, and take another way only where nothing was sent or changed yet.',
  covers: [
    'Improve execute reliability: add retry policy and alternate delegate path when primary dispatch fails.',
  ],
  summary: 'ask for the reason of a failure and a safe other way',
};

/** Order decides between suggestions with equally strong evidence. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  CHECK_FACTS,
  CITE_SOURCES,
  KEEP_IT_TIGHT,
  GIVE_DETAIL,
  WORK_QUICKLY,
  CHECK_FILES,
  REPORT_FAILURES,
];

export const RAISE_ATTEMPTS = 'raise-attempts';
export const RAISE_TIMEOUT = 'raise-timeout';
/** High risk: there is no change that code could make by itself. */
export const ASK_USER = 'ask-user';
export const LOOK_AT_FAILURES = 'look-at-failures';

const plain = (sentence: string): string =>
  sentence
    .normalize('NFC')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/[.!]+$/u, '');

export const isCovered = (entry: CatalogueEntry, assumptions: readonly string[]): boolean => {
  const present = new Set(assumptions.map(plain));
  return [entry.sentence, ...entry.covers].some((sentence) => present.has(plain(sentence)));
};
