/**
 * `limits` of a definition against what its runs use up. Pure: whoever asks has counted. A limit is reached when what
 * is known reaches it; what is unknown is said and never counted as zero.
 */
import { type Cost, costOf, costText } from './cost.ts';
import type { Limits } from './definition.ts';
import { RUN_COST_LIMIT, type RunState } from './state.ts';

export type LimitName = keyof Limits;

export type RunAtWork = {
  readonly runId: string;
  /** The process that has it has ended without stopping it. */
  readonly ownerGone: boolean;
};

/** What all runs of a workflow use up now. Days are those of the machine's calendar. */
export type Usage = {
  /** Without the run that asks. */
  readonly atWork: readonly RunAtWork[];
  readonly startedToday: number;
  readonly costToday: Cost;
  /** ISO 8601: when the next day begins. */
  readonly dayEndsAt: string;
};

export type LimitReached = {
  readonly limit: LimitName;
  readonly value: number;
  /** Which limit, and what counts against it. */
  readonly message: string;
  /** When it frees, or what frees it. */
  readonly hint: string;
  /** ISO 8601; absent = when a run stops, which nobody can foretell. */
  readonly freesAt?: string;
  readonly runIds: readonly string[];
};

/** @returns the first limit in the way of a new run; null = it may start */
export function limitForStart(workflowId: string, limits: Limits, usage: Usage): LimitReached | null {
  return (
    limitForGoingOn(workflowId, limits, usage) ??
    runsToday(workflowId, limits, usage) ??
    costToday(workflowId, limits, usage)
  );
}

/** @returns what is in the way of a run that goes on after it has stopped; null = nothing */
export function limitForGoingOn(workflowId: string, limits: Limits, usage: Usage): LimitReached | null {
  const { concurrency: value } = limits;
  const { atWork } = usage;
  if (value === undefined || atWork.length < value) return null;
  const runIds = atWork.map(({ runId }) => runId);
  const gone = atWork.find(({ ownerGone }) => ownerGone)?.runId;
  const hint =
    gone === undefined
      ? `It frees when one of them stops. Look: wf show ${runIds[0]}`
      : `The process of run ${gone} has ended: wf resume ${gone} goes on with it, wf cancel ${gone} gives it up.`;
  const message = `limits.concurrency of ${workflowId} is ${value}, and ${counted(atWork.length, 'run')} ${atWork.length === 1 ? 'is' : 'are'} at work: ${runIds.join(', ')}`;
  return { limit: 'concurrency', value, message, hint, runIds };
}

function runsToday(workflowId: string, { runsPerDay: value }: Limits, usage: Usage): LimitReached | null {
  const { startedToday, dayEndsAt } = usage;
  if (value === undefined || startedToday < value) return null;
  const message = `limits.runsPerDay of ${workflowId} is ${value}, and ${counted(startedToday, 'run')} ${startedToday === 1 ? 'was' : 'were'} started today`;
  return { limit: 'runsPerDay', value, message, ...untilTomorrow(workflowId, dayEndsAt) };
}

function costToday(workflowId: string, { costUsdPerDay: value }: Limits, usage: Usage): LimitReached | null {
  if (value === undefined || usage.costToday.usd < value) return null;
  const message = `limits.costUsdPerDay of ${workflowId} is ${value}, and its runs have cost ${costText(usage.costToday)} today`;
  return { limit: 'costUsdPerDay', value, message, ...untilTomorrow(workflowId, usage.dayEndsAt) };
}

const untilTomorrow = (workflowId: string, freesAt: string) => ({
  hint: `It frees at ${freesAt}, when the next day begins here. Or raise it in the definition. Look: wf runs --workflow ${workflowId}`,
  freesAt,
  runIds: [],
});

/** @returns why no further turn is begun for the run; null = it may be */
export function runCostProblem(
  { costUsdPerRun: value }: Limits,
  state: RunState,
  step: string,
): { readonly code: string; readonly message: string } | null {
  const cost = costOf(state);
  if (value === undefined || cost.usd < value) return null;
  return {
    code: RUN_COST_LIMIT,
    message: `limits.costUsdPerRun is ${value}, and this run has cost ${costText(cost)}: ${step} was not begun`,
  };
}

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
