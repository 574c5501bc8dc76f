/**
 * "Done, agent silent": an agent's turn whose end nobody saw (it ran out of time, or we died over it) is in doubt.
 * Where the definition says what the work must leave behind, fresh, those files answer before a person is asked. The
 * run then ends `unreported`, never `done`: nobody has said that it is.
 */
import type { RunEvent } from '../events/run-events.ts';
import { stageOfAct } from './acts.ts';
import type { OwnerCommand } from './command.ts';
import type { RunContext } from './context.ts';
import { verifyProblem } from './stages/verify.ts';
import { type Effect, latestEffect, type Problem, type RunState } from './state.ts';

/** Only for a turn of an agent, only with a file that must be fresh, and never where an answer is asked for. */
export const filesMayAnswer = ({ definition }: RunContext, effect: Effect, reason: Problem): boolean =>
  effect.dispatcher === 'agent' &&
  stageOfAct(effect.step) === 'execute' &&
  // Who pressed Ctrl-C twice wanted it to end, not to count as done.
  reason.code !== 'interrupted' &&
  definition.files.some((rule) => rule.fresh) &&
  definition.outcome?.notEmpty !== true;

export function filesLooked(
  state: RunState,
  { effectId, checks }: Extract<OwnerCommand, { type: 'FilesLooked' }>,
): readonly RunEvent[] {
  const effect = state.effects.find((one) => one.effectId === effectId);
  // A report, or a person, has ended the doubt meanwhile.
  if (effect?.status !== 'unknown' || effect.awaitsFiles !== true) return [];
  const problem = verifyProblem({ checks });
  if (problem === undefined)
    return [{ type: 'EffectConfirmed', data: { effectId, outcome: 'done', receipt: { by: 'files' } } }];
  const { code, message } = effect.error ?? { code: 'in-doubt', message: 'nobody saw the end of it' };
  const reason = { code, message: `${message}; its files do not answer for it: ${problem}` };
  return [{ type: 'EffectUnknown', data: { effectId, reason } }];
}

/** Whether some of the work is known by its files alone. */
export const isSilent = ({ definition }: RunContext, state: RunState): boolean =>
  definition.steps.some((step) => latestEffect(state, step.id)?.receipt?.by === 'files');
