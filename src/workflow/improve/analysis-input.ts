/**
 * What the improvement analysis looks at: the newest feedback and the newest runs of one workflow, read from
 * projections so that its cost does not grow with history.
 */

/** How many of each are looked at. */
export const ANALYSED_FEEDBACK = 100;
export const ANALYSED_RUNS = 200;

export type FeedbackEntry = {
  readonly feedbackId: string;
  readonly runId?: string;
  /** 1 (bad) to 5 (good). */
  readonly score: number;
  /** At most the first 2,000 characters. */
  readonly text: string;
  readonly at: string;
};

/** Over the newest {@link ANALYSED_RUNS} runs. */
export type RunSignals = {
  readonly runCount: number;
  /** Runs that reached an end, with the mean time from start to their newest end; null without any. */
  readonly finishedRuns: number;
  readonly avgDurationMs: number | null;
  /** Runs that took more than twice the median, when there are at least 5. */
  readonly slowRuns: number;
  readonly failedRuns: number;
  readonly verifyFailures: number;
  readonly execFailures: number;
  /** Newest first, at most 20 each, as evidence. */
  readonly failedRunIds: readonly string[];
  readonly slowRunIds: readonly string[];
};

export type AnalysisInput = {
  readonly workflowId: string;
  /** Feedback entries in all, not only the analysed ones. */
  readonly feedbackCount: number;
  /** Newest first. */
  readonly feedback: readonly FeedbackEntry[];
  readonly runs: RunSignals;
};
