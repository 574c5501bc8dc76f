/**
 * The improvement analysis: what feedback and runs suggest, recorded when it is something new, and its low-risk part
 * carried out where that is wanted. It reads projections only, so its cost does not grow with history.
 */
import { isRefusal, refusalToError } from '../errors.ts';
import type { StageOutputs } from '../events/run-events.ts';
import { workflowStream } from '../events/streams.ts';
import type { Suggestion } from '../events/workflow-events.ts';
import { type LoadedDefinition, loadDefinition } from '../home/definitions.ts';
import { openIdOf, type Proposal } from '../projections/feedback.ts';
import type { Definition } from '../workflow/definition.ts';
import { type Analysis, analyse } from '../workflow/improve/analyse.ts';
import { earlierChanges, selectChanges } from '../workflow/improve/suggestions.ts';
import { takeBackSuggestion } from '../workflow/improve/take-back.ts';
import type { RunState } from '../workflow/state.ts';
import { type AppliedImprovement, applyChanges } from './apply-improvement.ts';
import { worseImprovements } from './measure-improvements.ts';
import { alone, type Improver, openIntents } from './settle-intents.ts';
import { appendAt } from './workflow-facts.ts';

export type ImproveRequest = {
  readonly workflowId: string;
  readonly autoApply: boolean;
  /** Default: the definition's `selfImprove.maxChangesPerRun`. */
  readonly maxChanges?: number;
};

export type Improved = {
  readonly workflowId: string;
  readonly analysis: Analysis;
  /** The newest proposal, when there is anything to propose. */
  readonly proposalId?: string;
  /** How many of the suggestions `--auto-apply` makes, or would make, at once. */
  readonly applicable: number;
  readonly autoApplied: AppliedImprovement | null;
};

/** @throws {WfError} exit 2 or 3 for the workflow, exit 4 when its file was changed meanwhile */
export async function improve(improver: Improver, request: ImproveRequest): Promise<Improved> {
  const { ports } = improver;
  const { workflowId } = request;
  // An unknown workflow is said before anything is made or waited for.
  await loadCurrent(improver, workflowId);
  await ports.projections.project();
  const once = async (): Promise<Improved> => act(improver, request, await look(improver, workflowId));
  return request.autoApply || openIntents(ports, workflowId).length > 0
    ? alone(improver, workflowId, once)
    : once();
}

/**
 * The log stage's turn. Never fails the run: what went wrong is part of what the stage records.
 * @param pinned the definition the run is pinned to; what is analysed and changed is the file as it is now
 */
export async function improveAfterRun(
  improver: Improver,
  run: RunState,
  pinned: Definition,
): Promise<NonNullable<StageOutputs['log']['selfImprove']>> {
  const { workflowId, runId } = run;
  let suggestions = 0;
  try {
    const seen = await look(improver, workflowId);
    suggestions = seen.analysis.suggestions.length;
    const { enabled, autoApplyLowRisk, maxChangesPerRun } = seen.loaded.definition.selfImprove;
    // Whoever has switched it off in the file meanwhile means it.
    const autoApply = enabled && autoApplyLowRisk && pinned.selfImprove.autoApplyLowRisk;
    const request = { workflowId, autoApply };
    const isDue = autoApply && selectChanges(seen.analysis.suggestions, maxChangesPerRun).length > 0;
    const { proposalId, autoApplied } =
      isDue || openIntents(improver.ports, workflowId).length > 0
        ? // What was seen before the lock was held may be another's past by now.
          await alone(improver, workflowId, async () =>
            act(improver, request, await look(improver, workflowId), runId),
          )
        : await act(improver, request, seen, runId);
    return {
      ...(proposalId === undefined ? {} : { proposalId }),
      suggestions,
      applied: autoApplied === null ? [] : [autoApplied.improvementId],
    };
  } catch (error) {
    return { suggestions, applied: [], error: error instanceof Error ? error.message : String(error) };
  }
}

/** At a run's end: what is suggested by now, improvements to take back among it. Changes no file. */
export async function proposeAfterRun(improver: Improver, workflowId: string, runId: string): Promise<void> {
  await act(improver, { workflowId, autoApply: false }, await look(improver, workflowId), runId);
}

export type Seen = { readonly loaded: LoadedDefinition; readonly analysis: Analysis };

/** Proposes what was seen, and applies the low-risk part where that is asked for: then only inside `alone`. */
async function act(
  improver: Improver,
  { workflowId, autoApply, maxChanges }: ImproveRequest,
  { loaded, analysis }: Seen,
  runId?: string,
): Promise<Improved> {
  const { suggestions } = analysis;
  const proposalId = await propose(improver, workflowId, analysis, runId);
  const changes = selectChanges(suggestions, maxChanges ?? loaded.definition.selfImprove.maxChangesPerRun);
  const applied =
    autoApply && changes.length > 0 ? await applyChanges(improver, workflowId, loaded.hash, changes) : null;
  if (isRefusal(applied)) throw refusalToError(applied);
  return {
    workflowId,
    analysis,
    ...(proposalId === undefined ? {} : { proposalId }),
    applicable: changes.length,
    autoApplied: applied,
  };
}

/** The analysis alone, by the projections as they are; nothing is recorded. */
export async function look(improver: Improver, workflowId: string): Promise<Seen> {
  const { projections } = improver.ports;
  const loaded = await loadCurrent(improver, workflowId);
  const earlier = earlierChanges(projections.improvementFacts(workflowId).improvements);
  const input = projections.analysisInput(workflowId);
  const analysis = analyse(input, loaded.definition, loaded.raw, earlier);
  const suggestions = [...analysis.suggestions, ...(await takeBacks(improver, loaded))];
  return { loaded, analysis: { ...analysis, suggestions } };
}

/** Each is proposed once: what was proposed, and has gone from the newest proposal, is not brought up again. */
async function takeBacks(
  { ports }: Improver,
  { id, body, definition }: LoadedDefinition,
): Promise<Suggestion[]> {
  const { enabled, revert } = definition.selfImprove;
  if (!enabled || revert?.whenWorse !== 'propose') return [];
  const open = ports.projections.improvementFacts(id).proposal?.open ?? [];
  return (await worseImprovements(ports, id, body, revert))
    .filter(
      ({ improvement: { revertProposed, improvementId } }) => !revertProposed || open.includes(improvementId),
    )
    .map(({ improvement, effect }) => takeBackSuggestion(improvement, effect));
}

/** The definition as its file is now. */
export const loadCurrent = ({ ports, places }: Improver, id: string): Promise<LoadedDefinition> =>
  loadDefinition({
    ...places,
    id,
    sha256: ports.sha256,
    isRegistered: (hash) => ports.projections.isRegistered(id, hash),
  });

/**
 * Records the suggestions, unless the newest proposal says the same: the stream must not grow with every run.
 * @returns the id of the newest proposal, or undefined when there is nothing to propose
 */
async function propose(
  { ports }: Improver,
  workflowId: string,
  analysis: Analysis,
  runId?: string,
): Promise<string | undefined> {
  const { feedbackCount, runCount } = analysis;
  const suggestions = analysis.suggestions.map(proposable);
  const newest = (): Proposal | null => ports.projections.improvementFacts(workflowId).proposal;
  const idOf = (proposal: Proposal | null): string | undefined =>
    suggestions.length === 0 ? undefined : proposal?.proposalId;
  if (saysTheSame(newest(), suggestions)) return idOf(newest());
  for (;;) {
    const expectedVersion = await ports.store.headOf(workflowStream(workflowId));
    await ports.projections.project();
    if (saysTheSame(newest(), suggestions)) return idOf(newest());
    const proposalId = ports.newId();
    const version = await appendAt(ports, workflowId, expectedVersion, {
      type: 'ImprovementProposed',
      data: {
        proposalId,
        workflowId,
        suggestions,
        feedbackCount,
        runCount,
        ...(runId === undefined ? {} : { runId }),
      },
    });
    if (version !== null) return suggestions.length === 0 ? undefined : proposalId;
  }
}

/** A change that is not ours to make is not offered to anybody for a decision. */
const proposable = ({ change, ...rest }: Suggestion): Suggestion =>
  rest.risk === 'low' && change !== undefined ? { ...rest, change } : rest;

/** Evidence is left out: it counts runs, and so is another one after every run. */
function saysTheSame(proposal: Proposal | null, suggestions: readonly Suggestion[]): boolean {
  const still = proposal?.suggestions.filter((suggestion) => {
    const id = openIdOf(suggestion);
    return id === undefined || proposal.open.includes(id);
  });
  const set = (list: readonly Suggestion[]): string =>
    JSON.stringify(
      list
        .map(({ catalogueId, risk, change, reverts }) => JSON.stringify([catalogueId, risk, change, reverts]))
        .sort(),
    );
  return set(still ?? []) === set(suggestions);
}
