/** The task that stands in the queue untouched, and who could have it instead: what `resume` acts on and screens say. */
import type { RunContext } from '../workflow/context.ts';
import { resolveDispatcher } from '../workflow/render-step.ts';
import { type Effect, latestEffect, type RunState } from '../workflow/state.ts';
import { contextOf } from './load-run.ts';
import type { EnginePorts } from './ports.ts';

export type UntouchedTask = {
  readonly effect: Effect;
  /** Somebody is connected whom `resume` would give it to. */
  readonly connected: boolean;
  /** The definition wants a person to do it, whoever is connected. */
  readonly byPerson: boolean;
};

export function untouchedTask(context: RunContext, run: RunState): UntouchedTask | undefined {
  for (const step of context.definition.steps) {
    const effect = latestEffect(run, step.id);
    if (effect?.dispatcher === 'manual' && effect.status === 'handed_off') {
      return {
        effect,
        connected: resolveDispatcher(context, step) !== 'manual',
        byPerson: step.dispatcher === 'manual',
      };
    }
  }
  return undefined;
}

/** For a screen: a definition that cannot be read any more is told by whoever needs it, and not by the end of a run. */
export const untouchedTaskOf = (ports: EnginePorts, run: RunState): Promise<UntouchedTask | undefined> =>
  contextOf(ports, run).then(
    (context) => untouchedTask(context, run),
    () => undefined,
  );
