/** `next(context, state, now)`: what the world must do now for a run, as data. The engine performs it and decides on. */

import { timeoutMsOf } from './act-timeout.ts';
import { type ActStage, actNamed, currentAct } from './acts.ts';
import { ruleFor } from './approval-rules.ts';
import { homeRelative, type RunContext } from './context.ts';
import type { Tool } from './definition.ts';
import type { DispatchEffect } from './effects.ts';
import { renderStep } from './render-step.ts';
import { evidenceOf, type FileToCheck, filesToBind, planVerify, type VerifyPlan } from './stages/verify.ts';
import { type Effect, latestEffect, outputOf, type RunState, stageOf, type Waiting } from './state.ts';

export type WorldEffect =
  | { readonly kind: 'configure-tools'; readonly tools: readonly Tool[] }
  /** Needs fresh randomness for the attempt, nothing else. */
  | {
      readonly kind: 'begin-step';
      readonly step: string;
      /** Files whose content the approval is bound to, home-relative where inside the home. */
      readonly bind?: readonly string[];
    }
  /** The intent is in the log; once it is durable the act may happen. */
  | { readonly kind: 'dispatch'; readonly effect: DispatchEffect }
  /** An earlier owner intended this and nobody saw its end: look before acting. */
  /** In doubt, and the files it was to make may answer for it. */
  | { readonly kind: 'look-at-files'; readonly effectId: string; readonly files: readonly FileToCheck[] }
  | { readonly kind: 'recover'; readonly effect: DispatchEffect; readonly intended: Effect }
  | ({ readonly kind: 'verify' } & VerifyPlan)
  | { readonly kind: 'analyse' };

export type Next =
  | { readonly type: 'perform'; readonly effect: WorldEffect }
  /** Until this time (ISO 8601); the owner keeps its lease. */
  | { readonly type: 'sleep'; readonly until: string }
  | { readonly type: 'wait'; readonly waiting: Waiting }
  | { readonly type: 'done' };

/** @param now ISO 8601, only compared with deadlines that are in the log */
export function next(context: RunContext, state: RunState, now: string): Next {
  const { waiting } = state;
  if (state.status === 'waiting' && waiting !== null) {
    if (waiting.for !== 'retry') return { type: 'wait', waiting };
    if (now < waiting.until) return { type: 'sleep', until: waiting.until };
  } else if (state.status !== 'running') {
    return { type: 'done' };
  }
  const effect = nextEffect(context, state);
  if (effect === null)
    throw new Error(`run ${state.runId} is ${state.status} at ${state.current} and nothing is due`);
  return { type: 'perform', effect };
}

function nextEffect(context: RunContext, state: RunState): WorldEffect | null {
  if (state.current === null || stageOf(state, state.current).status !== 'running') return null;
  switch (state.current) {
    case 'configure_tools':
      return { kind: 'configure-tools', tools: context.definition.tools };
    case 'execute':
    case 'deliver':
      return nextAct(context, state, state.current);
    case 'verify': {
      const plan = planVerify(context, state);
      // The files may be what the check has made, so they are looked at last.
      const act = plan.mode === 'work' ? nextAct(context, state, 'verify') : null;
      return act ?? { kind: 'verify', ...plan };
    }
    case 'log':
      return { kind: 'analyse' };
    default:
      return null;
  }
}

function nextAct(context: RunContext, state: RunState, stage: ActStage): WorldEffect | null {
  const step = currentAct(context, state, stage);
  if (step === undefined) return null;
  const latest = latestEffect(state, step.id);
  if (latest === undefined || (latest.status !== 'intended' && latest.status !== 'unknown')) {
    const bind = ruleFor(context, state, step)?.at === 'deliver' ? filesToBind(context, state) : [];
    return { kind: 'begin-step', step: step.id, ...(bind.length === 0 ? {} : { bind }) };
  }
  if (latest.status === 'unknown' && latest.awaitsFiles === true) {
    const { effectId } = latest;
    return { kind: 'look-at-files', effectId, files: evidenceOf(context, state, latest) };
  }
  const effect = dispatchOf(context, state, latest);
  // Intended under this very ownership: it is ours to perform. `unknown` is here only with a retry that came due.
  if (latest.status === 'unknown' || latest.epoch === state.epoch) return { kind: 'dispatch', effect };
  return { kind: 'recover', effect, intended: latest };
}

/** What the file must hold where somebody has said yes to its bytes. */
function approvedContent(
  { home }: RunContext,
  state: RunState,
  effect: Effect,
  path: string,
): { readonly sha256?: string } {
  const approval = state.approvals.find((one) => one.approvalId === effect.approvalId);
  const bound = approval?.files?.find(({ file }) => file === homeRelative(home, path));
  return bound === undefined ? {} : { sha256: bound.sha256 };
}

/** The act of a recorded intent; rendered again from the same pinned inputs, so it is the same to the byte. */
export function dispatchOf(context: RunContext, state: RunState, effect: Effect): DispatchEffect {
  const step = actNamed(context.definition, effect.step);
  if (step === undefined || effect.dispatcher === 'manual')
    throw new Error(`effect ${effect.effectId} has no act`);
  // The dispatcher was settled at the intent: what config connects meanwhile does not change an attempt.
  const rendered = renderStep(
    context,
    state,
    {
      ...step,
      dispatcher: effect.dispatcher,
      ...(effect.target === undefined ? {} : { agent: effect.target, to: effect.target }),
    },
    {
      effectId: effect.effectId,
      key: effect.key,
      nonce: effect.nonce ?? '',
    },
  );
  const route = outputOf(state, 'classify')?.route ?? '';
  return {
    effectId: effect.effectId,
    runId: state.runId,
    step: effect.step,
    attempt: effect.attempt,
    key: effect.key,
    dispatcher: effect.dispatcher,
    argv: rendered.argv,
    ...(effect.target === undefined ? {} : { target: effect.target }),
    route,
    task: rendered.task,
    message: rendered.message,
    ...(rendered.http === undefined ? {} : { http: rendered.http }),
    ...(rendered.sendFile === undefined
      ? {}
      : {
          sendFile: {
            path: rendered.sendFile,
            ...approvedContent(context, state, effect, rendered.sendFile),
          },
        }),
    idempotencyKey: state.key,
    env: step.env,
    timeoutMs: timeoutMsOf(context.definition, step, route),
    notPerformedExitCodes: step.notPerformedExitCodes,
    awaits: effect.awaits,
  };
}
