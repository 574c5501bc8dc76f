/**
 * The bytes of `state/runs/<runId>.json`. Names and meanings up to `stages` are the script engine's and stay; more
 * may join them. Fixed key order, and nothing but the run's events in it: the same state is always the same bytes.
 */

import type { Text } from '../events/envelope.ts';
import { stageOfAct } from '../workflow/acts.ts';
import { type Effect, outputOf, type RunState, routeOf, type StageState, taskOf } from '../workflow/state.ts';
import { importedParts } from './imported-record.ts';

/** Gives the whole text behind a reference. */
export type ResolveText = (text: Text) => string;

export function runRecord(state: RunState, resolve: ResolveText): string {
  const classified = outputOf(state, 'classify');
  const old = state.imported === undefined ? null : importedParts(resolve(state.imported.body));
  const record = {
    runId: state.runId,
    workflowId: state.workflowId,
    idempotencyKey: state.key,
    input: resolve(state.input),
    status: state.status,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    context: old?.context ?? contextOf(state, resolve),
    stages: state.stages.map((stage) => ({
      ...stageRecord(state, stage, resolve),
      ...(old?.outputs.has(stage.name) ? { output: old.outputs.get(stage.name) } : {}),
    })),
    outcome: state.outcome,
    waiting: state.waiting,
    risk: classified?.risk ?? null,
    definitionHash: state.definitionHash,
    forced: state.forced,
    effects: state.effects.map((effect) => effectRecord(effect)),
    approvals: state.approvals.map((approval) => ({
      approvalId: approval.approvalId,
      at: approval.at,
      status: approval.status,
      risk: approval.risk,
      reasons: approval.reasons,
      binding: approval.binding,
      covers: approval.covers.map(({ step, dispatcher, target }) => ({ step, dispatcher, target })),
      files: approval.files,
      requestedAt: approval.requestedAt,
      expiresAt: approval.expiresAt,
      by: approval.by,
      decidedAt: approval.decidedAt,
    })),
    error: state.error,
    finishedAt: state.finishedAt,
    artifactsExpired: state.artifactsExpired ?? undefined,
    erasedAt: state.erased?.at,
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** What later stages build on, absent until it is known. */
function contextOf(state: RunState, resolve: ResolveText): object {
  const intake = outputOf(state, 'intake');
  const plan = outputOf(state, 'plan');
  const deliver = outputOf(state, 'deliver');
  return {
    task: intake === null ? undefined : resolve(taskOf(state)),
    route: routeOf(state) ?? undefined,
    plan: plan === null ? undefined : { route: plan.route, steps: plan.steps, assumptions: plan.assumptions },
    tools: outputOf(state, 'configure_tools') ?? undefined,
    execution: state.effects.length === 0 ? undefined : executionOf(state, resolve),
    delivery: deliver === null ? undefined : { summaryFile: deliver.summaryFile },
  };
}

/** The newest attempt of every step, in the order the steps were first tried. */
export function latestEffects(state: RunState): Effect[] {
  const latest = new Map<string, Effect>();
  for (const effect of state.effects) latest.set(effect.step, effect);
  return [...latest.values()];
}

function executionOf(state: RunState, resolve: ResolveText): object {
  const output = (effect: Effect | undefined): object => ({
    stdout: effect?.stdout === undefined ? '' : resolve(effect.stdout),
    stderr: effect?.stderr === undefined ? undefined : resolve(effect.stderr),
    truncated: effect?.truncated,
    report: effect?.report === undefined ? undefined : reportRecord(effect.report, resolve),
  });
  const steps = latestEffects(state).filter((effect) => stageOfAct(effect.step) === 'execute');
  return {
    ...output(steps.at(-1)),
    outcome: outputOf(state, 'execute')?.outcome,
    // With a single step this would only say everything twice.
    steps: steps.length < 2 ? undefined : steps.map((effect) => ({ step: effect.step, ...output(effect) })),
  };
}

const reportRecord = (report: NonNullable<Effect['report']>, resolve: ResolveText): object => ({
  status: report.status,
  text: report.text === undefined ? undefined : resolve(report.text),
  by: report.by,
  at: report.at,
});

function stageRecord(state: RunState, stage: StageState, resolve: ResolveText): object {
  return {
    name: stage.name,
    status: stage.status,
    attempts: stage.attempts,
    startedAt: stage.startedAt,
    finishedAt: stage.finishedAt,
    output: stage.output === null ? null : stageOutput(state, stage, resolve),
    error: stage.error === null ? null : stage.error.message,
  };
}

function stageOutput(state: RunState, stage: StageState, resolve: ResolveText): object {
  const output = stage.output ?? {};
  if (stage.name === 'execute') {
    const last = state.effects.findLast((effect) => stageOfAct(effect.step) === 'execute');
    return { stdout: last?.stdout === undefined ? '' : resolve(last.stdout), ...output };
  }
  if (stage.name !== 'intake') return output;
  const { task: _task, ...rest } = outputOf(state, 'intake') ?? {};
  return {
    inputText: resolve(state.input),
    normalizedTask: resolve(taskOf(state)),
    receivedAt: stage.startedAt,
    ...rest,
  };
}

/** Everything about an attempt except its texts and its one-time word, which only the brief may carry. */
const effectRecord = (effect: Effect): object => ({
  effectId: effect.effectId,
  step: effect.step,
  attempt: effect.attempt,
  dispatcher: effect.dispatcher,
  target: effect.target,
  status: effect.status,
  key: effect.key,
  taskId: effect.taskId,
  approvalId: effect.approvalId,
  intendedAt: effect.intendedAt,
  endedAt: effect.endedAt,
  retryAt: effect.retryAt,
  receipt: effect.receipt,
  costUsd: effect.costUsd,
  error: effect.error,
  report:
    effect.report === undefined
      ? undefined
      : { status: effect.report.status, by: effect.report.by, at: effect.report.at },
});
