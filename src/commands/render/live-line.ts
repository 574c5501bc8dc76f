/** What a run is doing this very moment, in one line: who works on what, for how long, and of how much. */
import { previewOf } from '../../events/envelope.ts';
import { DELIVER_PREFIX, stageOfAct } from '../../workflow/acts.ts';
import type { Effect, RunState } from '../../workflow/state.ts';
import { duration, oneLine } from './text.ts';

export type LiveContext = {
  readonly nowMs: number;
  /** Counted up by the caller: which picture of the wheel it is. */
  readonly turn: number;
  readonly unicode: boolean;
  /** Time limit of a step's attempt in milliseconds; undefined = not known here. */
  readonly limitOf: (step: string) => number | undefined;
};

const WHEEL = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const ASCII_WHEEL = '|/-\\';

/** Null when nothing is at work that takes time. */
export function liveText(run: RunState, context: LiveContext): string | null {
  if (run.status !== 'running' && run.waiting?.for !== 'retry') return null;
  const wheel = context.unicode ? WHEEL : ASCII_WHEEL;
  const mark = wheel[context.turn % wheel.length] ?? '';
  const effect = run.effects.at(-1);
  if (effect?.retryAt !== undefined && (effect.status === 'not_performed' || effect.status === 'unknown')) {
    const left = Date.parse(effect.retryAt) - context.nowMs;
    return `  ${mark} ${stageOfAct(effect.step).padEnd(16)} ${nameOf(effect)}again in ${duration(Math.max(0, left))}`;
  }
  if (effect?.status === 'intended') {
    const limit = context.limitOf(effect.step);
    const took = duration(Math.max(0, context.nowMs - Date.parse(effect.intendedAt)));
    return `  ${mark} ${stageOfAct(effect.step).padEnd(16)} ${nameOf(effect)}${doing(effect)}  ${took}${limit === undefined ? '' : ` of ${duration(limit).replace(/ 00[sm]$/, '')}`}`;
  }
  const stage = run.stages.find(({ status }) => status === 'running');
  if (stage === undefined || stage.startedAt === null) return null;
  return `  ${mark} ${stage.name.padEnd(16)} ${duration(Math.max(0, context.nowMs - Date.parse(stage.startedAt)))}`;
}

/** Which step and which attempt, where that is not plain. */
function nameOf({ step, attempt }: Effect): string {
  const name = step.startsWith(DELIVER_PREFIX) ? step.slice(DELIVER_PREFIX.length) : step;
  const which = name === 'main' ? '' : `${name}, `;
  return attempt === 1 ? which : `${which}attempt ${attempt}, `;
}

function doing({ dispatcher, target, preview }: Effect): string {
  switch (dispatcher) {
    case 'agent':
    case 'openclaw':
      return `${oneLine(target ?? dispatcher, 40)} is working`;
    case 'message':
      return `telling ${oneLine(target ?? 'somebody', 40)}`;
    case 'manual':
      return 'queueing';
    case 'http':
    case 'command':
      return oneLine(previewOf(preview), 40);
  }
}
