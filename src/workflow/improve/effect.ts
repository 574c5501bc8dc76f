/**
 * What an applied improvement has done: the runs without it and the runs with it, side by side, and when the
 * difference is more than chance. Which runs are which is said by the definition each is pinned to, not by the time.
 */
import { rankShift } from './rank-shift.ts';

/** Fewer on either side say nothing. */
export const MIN_SAMPLE = 5;
/** So many runs on either side, those nearest to the change: what happens much later has other causes. */
export const EFFECT_WINDOW = 100;
/** One-sided, chance in 1 of 20. */
const CLEAR_Z = 1.645;

type Measure = {
  readonly of: (values: readonly number[]) => number;
  readonly worseIs: 'more' | 'less';
  /** A smaller difference is none, however many runs show it. */
  readonly matters: (before: number, after: number) => boolean;
};
const SCORE: Measure = { of: mean, worseIs: 'less', matters: (b, a) => Math.abs(a - b) >= 0.3 };
const FAILURES: Measure = { of: mean, worseIs: 'more', matters: (b, a) => Math.abs(a - b) >= 0.05 };
const DURATION: Measure = {
  of: median,
  worseIs: 'more',
  matters: (b, a) => Math.max(a, b) >= 1.25 * Math.min(a, b),
};

export type EndedRun = {
  readonly runId: string;
  readonly firstSeq: number;
  readonly createdAt: string;
  /** Empty for an imported run: what it ran with is not known. */
  readonly definitionHash: string;
  readonly status: 'completed' | 'failed';
  readonly durationMs: number | null;
  /** Mean of the feedback that names the run; null without any. */
  readonly score: number | null;
};

export type Comparison = 'better' | 'worse' | 'same' | 'too-few';

export type Sample = {
  readonly runs: number;
  readonly failed: number;
  /** Share of the runs; null without any. */
  readonly failureRate: number | null;
  readonly rated: number;
  readonly meanScore: number | null;
  /** Runs that completed; a failed one is over soon and says nothing about speed. */
  readonly timed: number;
  readonly medianDurationMs: number | null;
  /** Different definitions among them: above 1, other changes play a part. */
  readonly versions: number;
};

export type Effect = {
  readonly before: Sample;
  readonly after: Sample;
  readonly score: Comparison;
  readonly failures: Comparison;
  readonly duration: Comparison;
  readonly verdict: Comparison;
  /** Runs that belong to neither side: edited by hand since, taken back, or a definition that cannot be read. */
  readonly leftOut: number;
};

export type Applied = {
  /** Seq of its intent. */
  readonly seq: number;
  readonly intendedAt: string;
};

/**
 * @param runs of the workflow, in any order
 * @param carries whether all changes of the improvement are in that definition; null = nobody knows
 */
export function effectOf(
  applied: Applied,
  runs: readonly EndedRun[],
  carries: (definitionHash: string) => boolean | null,
): Effect {
  const inOrder = [...runs].sort((a, b) => a.firstSeq - b.firstSeq);
  const sideOf = (run: EndedRun): 'before' | 'after' | null => {
    // Nothing but the time is known of what the script engine ran.
    if (run.definitionHash === '') return run.createdAt < applied.intendedAt ? 'before' : 'after';
    const has = carries(run.definitionHash);
    if (has === null) return null;
    return run.firstSeq < applied.seq ? (has ? null : 'before') : has ? 'after' : null;
  };
  const without = inOrder.filter((run) => sideOf(run) === 'before').slice(-EFFECT_WINDOW);
  const withIt = inOrder.filter((run) => sideOf(run) === 'after').slice(0, EFFECT_WINDOW);
  const score = compare(SCORE, scores(without), scores(withIt));
  const failures = compare(FAILURES, failed(without), failed(withIt));
  const duration = compare(DURATION, durations(without), durations(withIt));
  return {
    before: sampleOf(without),
    after: sampleOf(withIt),
    score,
    failures,
    duration,
    verdict: verdictOf(score, failures, duration),
    leftOut: inOrder.filter((run) => sideOf(run) === null).length,
  };
}

/** Quality first: slower alone is worse only where nothing else has become better for it. */
function verdictOf(score: Comparison, failures: Comparison, duration: Comparison): Comparison {
  if (score === 'worse' || failures === 'worse') return 'worse';
  if (score === 'better' || failures === 'better') return 'better';
  if (duration === 'worse' || duration === 'better') return duration;
  return score === 'same' || failures === 'same' || duration === 'same' ? 'same' : 'too-few';
}

const scores = (runs: readonly EndedRun[]): number[] => runs.flatMap(({ score }) => score ?? []);
const failed = (runs: readonly EndedRun[]): number[] =>
  runs.map(({ status }) => (status === 'failed' ? 1 : 0));
const durations = (runs: readonly EndedRun[]): number[] =>
  runs.flatMap(({ status, durationMs }) => (status === 'completed' ? (durationMs ?? []) : []));

function compare(
  { of, worseIs, matters }: Measure,
  before: readonly number[],
  after: readonly number[],
): Comparison {
  if (before.length < MIN_SAMPLE || after.length < MIN_SAMPLE) return 'too-few';
  const z = rankShift(before, after) * (worseIs === 'more' ? 1 : -1);
  if (Math.abs(z) < CLEAR_Z || !matters(of(before), of(after))) return 'same';
  return z > 0 ? 'worse' : 'better';
}

function sampleOf(runs: readonly EndedRun[]): Sample {
  const rated = scores(runs);
  const timed = durations(runs);
  return {
    runs: runs.length,
    failed: runs.filter(({ status }) => status === 'failed').length,
    failureRate: runs.length === 0 ? null : mean(failed(runs)),
    rated: rated.length,
    meanScore: rated.length === 0 ? null : mean(rated),
    timed: timed.length,
    medianDurationMs: timed.length === 0 ? null : median(timed),
    versions: new Set(runs.map(({ definitionHash }) => definitionHash)).size,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
