/** What a run is waiting for now and who can end that; for a run at its end, what a new request would come to. */
import { latestEffect, type RunState } from '../../workflow/state.ts';

/** @param state a run that exists */
export function nowOf(state: RunState): string {
  const { waiting } = state;
  if (state.erased !== null) return 'Its texts were erased; it cannot go on.';
  switch (state.status) {
    case 'running':
      return `It is at work on ${state.current ?? 'its beginning'}, or its process was killed there; then the same request takes it over.`;
    case 'waiting':
      return waiting === null ? 'It waits.' : waitOf(state, waiting);
    case 'handed_off': {
      const tasks = state.effects.filter(
        (effect) => effect.status === 'handed_off' && latestEffect(state, effect.step) === effect,
      );
      return `It waits for a report on ${tasks.map(({ taskId, effectId }) => taskId ?? effectId).join(', ')}; until then the same request is answered with it.`;
    }
    case 'completed':
      return 'It is done; the same request is answered with it.';
    case 'failed':
      return 'It has stopped: `resume` goes on from there, the same request starts a new run.';
    case 'cancelled':
      return 'It was stopped: the same request starts a new run.';
  }
}

function waitOf(state: RunState, waiting: NonNullable<RunState['waiting']>): string {
  const effect = state.effects.find(({ effectId }) => effectId === waiting.id);
  switch (waiting.for) {
    case 'approval':
      return `The gate is closed: nothing is dispatched until somebody says yes or no to ${waiting.id}.`;
    case 'outcome':
      return `It waits for the outcome of step ${effect?.step ?? '?'}: whoever has ${effect?.taskId ?? waiting.id} reports it.`;
    case 'unknown-effect':
      return `It is in doubt about step ${effect?.step ?? '?'} and repeats nothing until somebody has said whether it happened.`;
    case 'retry':
      return `It waits until ${waiting.until} to try step ${effect?.step ?? '?'} again.`;
  }
}
