/**
 * What feedback and runs say about a workflow, and what could be changed because of it. Evidence names feedback
 * entries, runs and signals; the text of a feedback is matched and then left behind.
 */
import type { Suggestion } from '../../events/workflow-events.ts';
import type { Definition } from '../definition.ts';
import { formatPath } from '../finding.ts';
import type { AnalysisInput, FeedbackEntry, RunSignals } from './analysis-input.ts';
import {
  ASK_USER,
  type CatalogueEntry,
  CHECK_FACTS,
  CHECK_FILES,
  CITE_SOURCES,
  GIVE_DETAIL,
  isCovered,
  KEEP_IT_TIGHT,
  LOOK_AT_FAILURES,
  REPORT_FAILURES,
  WORK_QUICKLY,
} from './catalogue.ts';
import { countedFeedback, countedRuns } from './evidence.ts';
import type { WordSignal } from './phrases.ts';
import { type Raise, raiseAttempts, raiseTimeouts } from './raise-numbers.ts';
import {
  type Candidate,
  candidate,
  type EarlierChanges,
  type Evidence,
  heedEarlier,
  NO_EARLIER_CHANGES,
  ordered,
} from './suggestions.ts';
import { wordSignals } from './word-signals.ts';

/** From how many runs on, and from which share of failed ones, a workflow counts as failing. */
const MIN_RUNS = 3;
const FAILING_SHARE = 0.2;
/** Scores: the mean of the newest ones, and how many there must be. */
const NEWEST_SCORES = 10;
const MIN_SCORES = 3;
const LOW_MEAN = 2.5;
export const LOW_SCORE = 2;

export type AutonomousSignals = {
  readonly avgDurationMs: number | null;
  readonly verifyFailures: number;
  readonly execFailures: number;
  readonly failedRuns: number;
  readonly slowRuns: number;
  /** Analysed feedback entries with a score of at most {@link LOW_SCORE}. */
  readonly lowScores: number;
};

export type Analysis = {
  readonly feedbackCount: number;
  readonly runCount: number;
  readonly autonomousSignals: AutonomousSignals;
  /** Low risk before high, strongest evidence first. */
  readonly suggestions: Suggestion[];
};

type BySignal = Readonly<Record<WordSignal, readonly FeedbackEntry[]>>;

function groupBySignal(feedback: readonly FeedbackEntry[]): BySignal {
  const read = feedback.map((entry) => ({ entry, signals: wordSignals(entry.text) }));
  const having = (signal: WordSignal): readonly FeedbackEntry[] =>
    read.filter(({ signals }) => signals.has(signal)).map(({ entry }) => entry);
  return {
    sources: having('sources'),
    'too-long': having('too-long'),
    'too-short': having('too-short'),
    wrong: having('wrong'),
    slow: having('slow'),
  };
}

/** @param raw the definition file's content as parsed: it tells a step's own number from a default */
export function analyse(
  input: AnalysisInput,
  definition: Definition,
  raw: unknown,
  earlier: EarlierChanges = NO_EARLIER_CHANGES,
): Analysis {
  const { feedback, runs } = input;
  const candidates = [
    ...sentences(input, definition),
    ...numbers(runs, definition, raw),
    ...forAPerson(feedback, runs),
  ];
  return {
    feedbackCount: input.feedbackCount,
    runCount: runs.runCount,
    autonomousSignals: {
      avgDurationMs: runs.avgDurationMs,
      verifyFailures: runs.verifyFailures,
      execFailures: runs.execFailures,
      failedRuns: runs.failedRuns,
      slowRuns: runs.slowRuns,
      lowScores: feedback.filter(({ score }) => score <= LOW_SCORE).length,
    },
    suggestions: ordered(candidates.map((found) => heedEarlier(found, earlier))),
  };
}

const isFailing = (runs: RunSignals): boolean =>
  runs.runCount >= MIN_RUNS && runs.failedRuns / runs.runCount >= FAILING_SHARE;

const failedRuns = (runs: RunSignals): Evidence => ({
  text: countedRuns(runs.failedRuns, runs.runCount, 'failed', runs.failedRunIds),
  strength: runs.failedRuns,
});
const execFailures = (runs: RunSignals): Evidence => ({
  text: countedRuns(runs.execFailures, runs.runCount, 'failed in execute'),
  strength: runs.execFailures,
});
const verifyFailures = (runs: RunSignals): Evidence => ({
  text: countedRuns(runs.verifyFailures, runs.runCount, 'failed in verify'),
  strength: runs.verifyFailures,
});
const slowRuns = (runs: RunSignals): Evidence => ({
  text: countedRuns(runs.slowRuns, runs.runCount, 'took more than twice the median', runs.slowRunIds),
  strength: runs.slowRuns,
});

function sentences({ feedback, runs }: AnalysisInput, definition: Definition): readonly Candidate[] {
  const said = groupBySignal(feedback);
  const spoken = (signal: WordSignal): Evidence => ({
    text: countedFeedback(signal, said[signal], feedback.length),
    strength: said[signal].length,
  });
  const suggest = (entry: CatalogueEntry, evidence: readonly Evidence[]): readonly Candidate[] => {
    const { catalogueId, sentence, summary } = entry;
    const present = evidence.filter(({ strength }) => strength > 0);
    if (present.length === 0 || isCovered(entry, definition.assumptions)) return [];
    return [candidate(catalogueId, summary, present, { kind: 'add-assumption', catalogueId, sentence })];
  };
  // As many say the one as the other: a sentence for either would make the other half unhappier.
  const longer = said['too-long'].length - said['too-short'].length;
  return [
    ...suggest(CHECK_FACTS, [spoken('wrong')]),
    ...suggest(CITE_SOURCES, [spoken('sources')]),
    ...(longer > 0 ? suggest(KEEP_IT_TIGHT, [spoken('too-long')]) : []),
    ...(longer < 0 ? suggest(GIVE_DETAIL, [spoken('too-short')]) : []),
    ...suggest(WORK_QUICKLY, [spoken('slow'), slowRuns(runs)]),
    ...suggest(CHECK_FILES, [verifyFailures(runs)]),
    ...suggest(REPORT_FAILURES, [execFailures(runs)]),
  ];
}

/** More attempts where execute fails often; more time where slow runs fail there. */
function numbers(runs: RunSignals, definition: Definition, raw: unknown): readonly Candidate[] {
  if (runs.execFailures === 0) return [];
  const suggest = (raises: readonly Raise[], evidence: readonly Evidence[]): readonly Candidate[] =>
    raises.map((change) =>
      candidate(
        change.catalogueId,
        `set ${formatPath(change.path)} to ${change.value}`,
        evidence.filter(({ strength }) => strength > 0),
        change,
      ),
    );
  return [
    ...(isFailing(runs)
      ? suggest(raiseAttempts(definition, raw), [failedRuns(runs), execFailures(runs)])
      : []),
    ...(runs.slowRuns > 0
      ? suggest(raiseTimeouts(definition, raw), [execFailures(runs), slowRuns(runs)])
      : []),
  ];
}

/** Where no change of the file is known to help, a person is asked. */
function forAPerson(feedback: readonly FeedbackEntry[], runs: RunSignals): readonly Candidate[] {
  const newest = feedback.slice(0, NEWEST_SCORES);
  const mean = newest.reduce((sum, { score }) => sum + score, 0) / Math.max(1, newest.length);
  const unhappy = newest.length >= MIN_SCORES && mean <= LOW_MEAN;
  const scores: Evidence = {
    text: `the newest ${newest.length} scores have a mean of ${mean.toFixed(1)}`,
    strength: newest.length,
  };
  return [
    ...(unhappy ? [candidate(ASK_USER, 'ask the user what is missing and review the plan', [scores])] : []),
    ...(isFailing(runs)
      ? [candidate(LOOK_AT_FAILURES, 'look at the failed runs with `wf show <run>`', [failedRuns(runs)])]
      : []),
  ];
}
