/** What the improvement analysis is given. The shapes stand with the analysis, which may not import projections. */
export {
  ANALYSED_FEEDBACK,
  ANALYSED_RUNS,
  type AnalysisInput,
  type FeedbackEntry,
  type RunSignals,
} from '../workflow/improve/analysis-input.ts';
