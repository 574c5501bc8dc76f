/**
 * How an act of any stage goes: approval, intent, act, confirm; and what its end means. An act that is known to be
 * done, or handed over where that is the end, is never dispatched again; what may have happened is never blindly
 * repeated.
 */
import { type Refusal, refuse } from '../../errors.ts';
import type { RunEvent } from '../../events/run-events.ts';
import { type ActStage, actNamed, actsOf, currentAct, stageOfAct } from '../acts.ts';
import { ruleFor } from '../approval-rules.ts';
import { taskIdOf } from '../brief.ts';
import type { RunContext } from '../context.ts';
import { mayCost } from '../cost.ts';
import type { ApprovalRule, Step } from '../definition.ts';
import type { EffectResult } from '../effects.ts';
import { filesMayAnswer } from '../evidence.ts';
import { approvalIdOf, coverOf, grantFor, stepsToApprove } from '../grant.ts';
import { runCostProblem } from '../limits.ts';
import { effectIdOf, effectKeyOf, renderStep, resolveDispatcher } from '../render-step.ts';
import {
  type BoundFile,
  type Effect,
  latestEffect,
  outputOf,
  type Problem,
  type RunState,
  stageOf,
} from '../state.ts';

/** Asks for approval, or records the intent. A manual task has no act: its intent and confirmation are one commit. */
export function beginStep(
  context: RunContext,
  state: RunState,
  command: {
    readonly step: string;
    readonly nonce: string;
    readonly now: string;
    readonly files?: readonly BoundFile[];
  },
): readonly RunEvent[] | Refusal {
  const step = currentAct(context, state, stageOfAct(command.step));
  if (step === undefined || step.id !== command.step) {
    return refuse('step-not-due', `step ${command.step} is not what run ${state.runId} does next`);
  }
  const latest = latestEffect(state, step.id);
  if (latest?.status === 'intended' || latest?.status === 'unknown') {
    return refuse('step-open', `step ${step.id} of run ${state.runId} has an attempt whose end is not known`);
  }
  const { limits } = context.definition;
  const tooDear =
    limits !== undefined && mayCost(resolveDispatcher(context, step))
      ? runCostProblem(limits, state, step.id)
      : null;
  // Before anybody is asked about it: a yes to what is not going to be done is of no use.
  if (tooDear !== null) return [stageFailed(state, step.id, tooDear)];
  const rule = ruleFor(context, state, step);
  const files = rule?.at === 'deliver' ? (command.files ?? []) : [];
  const grant = rule === undefined ? undefined : grantFor(context, state, step, files);
  if (rule !== undefined && grant === undefined)
    return [requestApproval(context, state, step, rule, files, command.now)];

  const attempt = (latest?.attempt ?? 0) + 1;
  const effectId = effectIdOf(state.runId, step.id, attempt);
  const key = effectKeyOf(state.runId, step.id, attempt);
  const rendered = renderStep(context, state, step, { effectId, key, nonce: command.nonce });
  const sendsBrief = rendered.dispatcher !== 'command' && rendered.dispatcher !== 'message';
  const intended: RunEvent = {
    type: 'EffectIntended',
    data: {
      effectId,
      step: step.id,
      attempt,
      dispatcher: rendered.dispatcher,
      key,
      idempotent: step.idempotent,
      awaits: step.await,
      ...(rendered.target === undefined ? {} : { target: rendered.target }),
      preview: rendered.preview,
      taskId: taskIdOf(state.runId, step.id),
      ...(sendsBrief ? { nonce: command.nonce } : {}),
      ...(grant === undefined ? {} : { approvalId: grant.approvalId }),
    },
  };
  if (rendered.dispatcher !== 'manual') return [intended];
  return [
    intended,
    {
      type: 'EffectConfirmed',
      data: { effectId, outcome: 'handed_off', receipt: { by: 'queue' }, ...awaited(context, step) },
    },
  ];
}

/** A hand-over is waited for where the definition says so, and where later steps build on the work. */
const awaited = (context: RunContext, step: Step): { awaited?: true } => {
  if (stageOfAct(step.id) !== 'execute') return step.await === 'outcome' ? { awaited: true } : {};
  const isLast = context.definition.steps.at(-1)?.id === step.id;
  return step.await === 'outcome' || (step.await === 'auto' && !isLast) ? { awaited: true } : {};
};

/** The first hand-over whose outcome later steps, or the definition, wait for and nobody has reported. */
export const awaitedHandOver = (context: RunContext, state: RunState, stage: ActStage): Effect | undefined =>
  actsOf(context.definition, stage).flatMap((step) => {
    const effect = latestEffect(state, step.id);
    const waits = effect?.status === 'handed_off' && awaited(context, step).awaited === true;
    return waits && effect.report === undefined ? [effect] : [];
  })[0];

function requestApproval(
  context: RunContext,
  state: RunState,
  step: Step,
  rule: ApprovalRule,
  files: readonly BoundFile[],
  now: string,
): RunEvent {
  const classified = outputOf(state, 'classify');
  const covers = stepsToApprove(context, state, step).map((one) => coverOf(context, state, one, files));
  const words = classified?.highRiskWords ?? [];
  return {
    type: 'ApprovalRequested',
    data: {
      approvalId: approvalIdOf(state),
      at: rule.at,
      risk: classified?.risk ?? 'high',
      reasons: [
        ...(rule.when === undefined ? [`workflow ${state.workflowId} asks before ${rule.at}`] : []),
        `route ${classified?.route ?? '?'}${(classified?.words.length ?? 0) > 0 ? ` because of ${quoted(classified?.words ?? [])}` : ''}`,
        ...(words.length > 0 ? [`high-risk words: ${quoted(words)}`] : []),
      ],
      binding: context.sha256(JSON.stringify(covers.map((cover) => cover.binding))),
      covers,
      ...(files.length === 0 ? {} : { files: [...files] }),
      ...(rule.expiresInMs === undefined
        ? {}
        : {
            expiresAt: new Date(Date.parse(now) + rule.expiresInMs).toISOString(),
            onExpire: rule.onExpire,
          }),
    },
  };
}

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

/** Turns what the world answered into facts. `now` is ISO 8601. */
export function effectEnded(
  context: RunContext,
  state: RunState,
  command: { readonly effectId: string; readonly result: EffectResult; readonly now: string },
): readonly RunEvent[] | Refusal {
  const effect = state.effects.find((candidate) => candidate.effectId === command.effectId);
  if (effect === undefined || (effect.status !== 'intended' && effect.status !== 'unknown')) {
    return refuse('effect-ended', `the end of effect ${command.effectId} is known already`);
  }
  const step = actNamed(context.definition, effect.step);
  const { effectId, result, now } = command;
  // A cancelled run still records what became of its last act, and does nothing about it.
  const open = state.status === 'running' || (state.status === 'waiting' && state.waiting?.for === 'retry');
  switch (result.result) {
    case 'confirmed': {
      const { result: _result, ...data } = result;
      const waits = open && step !== undefined && data.outcome === 'handed_off' ? awaited(context, step) : {};
      return [{ type: 'EffectConfirmed', data: { effectId, ...data, ...waits } }];
    }
    case 'failed': {
      if (effect.dispatcher === 'agent' && effect.report !== undefined && result.performed)
        return [reportedInstead(effect, result)];
      const { result: _result, retryable, retryAfterMs = 0, ...data } = result;
      const again = data.performed ? mayRepeat(step, data.exitCode) : retryable;
      const retryAt = open && again ? nextAttemptAt(state, effect, step, now, retryAfterMs) : undefined;
      const failed: RunEvent = {
        type: 'EffectFailed',
        data: { effectId, ...data, ...(retryAt === undefined ? {} : { retryAt }) },
      };
      return retryAt !== undefined || !open
        ? [failed]
        : [failed, ...givenUp(state, effect, step, data.error)];
    }
    case 'unknown': {
      const { result: _result, truncated: _truncated, ...data } = result;
      if (effect.report !== undefined) {
        // Who was given the work has answered: that is the end of the doubt.
        return [
          { type: 'EffectConfirmed', data: { effectId, outcome: 'handed_off', receipt: { by: 'report' } } },
        ];
      }
      if (!open || !effect.idempotent) {
        const files =
          open && filesMayAnswer(context, effect, data.reason) ? { awaitsFiles: true as const } : {};
        return [{ type: 'EffectUnknown', data: { effectId, ...data, ...files } }];
      }
      const repeats = Math.max(MIN_ACTS_IN_DOUBT, step?.retry.maxAttempts ?? 1);
      if (effect.doubts + 1 < repeats) {
        const retryAt = after(now, step, effect.doubts + 1);
        return [{ type: 'EffectUnknown', data: { effectId, ...data, retryAt } }];
      }
      const { reason, ...output } = data;
      return [
        { type: 'EffectFailed', data: { effectId, performed: true, error: reason, ...output } },
        ...givenUp(state, effect, step, reason),
      ];
    }
  }
}

/** Who did the work has said what came of it: that is better evidence than how its program ended. */
const reportedInstead = (
  { effectId }: Effect,
  result: Extract<EffectResult, { result: 'failed' }>,
): RunEvent => {
  const { stdout, stderr, truncated, exitCode, costUsd } = result;
  const receipt = {
    by: 'report',
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(costUsd === undefined ? {} : { costUsd }),
  } as const;
  const output = {
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(truncated === undefined ? {} : { truncated }),
  };
  return { type: 'EffectConfirmed', data: { effectId, outcome: 'handed_off', receipt, ...output } };
};

/** A failure for good ends the stage, unless the definition goes on without the act. */
const givenUp = (
  state: RunState,
  effect: Effect,
  step: Step | undefined,
  error: Problem,
): readonly RunEvent[] => (step?.onError === 'continue' ? [] : [stageFailed(state, effect.step, error)]);

/** It was performed, and its author says that performing it again after this end does no harm. */
const mayRepeat = (step: Step | undefined, exitCode: number | undefined): boolean =>
  step?.idempotent === true && exitCode !== undefined && step.retry.retryOnExitCodes.includes(exitCode);

/** An effect declared idempotent is performed at least once more after a doubt: that is what the word is for. */
const MIN_ACTS_IN_DOUBT = 2;

export const stageFailed = (state: RunState, step: string, error: Problem): RunEvent => {
  const stage = stageOfAct(step);
  return {
    type: 'StageFailed',
    data: { stage, attempt: Math.max(1, stageOf(state, stage).attempts), error, step },
  };
};

function nextAttemptAt(
  state: RunState,
  effect: Effect,
  step: Step | undefined,
  now: string,
  atLeastMs: number,
): string | undefined {
  // Withdrawn tasks and earlier passes through execute do not count: each pass has its own attempts.
  const used = state.effects.filter(
    (other) =>
      other.step === effect.step &&
      other.stageAttempt === effect.stageAttempt &&
      other.status !== 'withdrawn',
  ).length;
  return step !== undefined && used < step.retry.maxAttempts ? after(now, step, used, atLeastMs) : undefined;
}

/** A receiver that asks for a longer pause than this is asked again before it. */
const MAX_ASKED_PAUSE_MS = 6 * 3_600_000;

/** Exponential backoff: the n-th wait is `backoff` times 2^(n-1), at most `maxBackoff`. */
function after(now: string, step: Step | undefined, n: number, atLeastMs = 0): string {
  const retry = step?.retry ?? { backoffMs: 0, maxBackoffMs: 0 };
  const ownMs = Math.min(retry.backoffMs * 2 ** Math.min(n - 1, 30), retry.maxBackoffMs);
  const delayMs = Math.max(ownMs, Math.min(atLeastMs, MAX_ASKED_PAUSE_MS));
  return new Date(Date.parse(now) + delayMs).toISOString();
}
