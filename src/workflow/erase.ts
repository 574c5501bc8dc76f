/**
 * May the texts of a run go? Only of one that is at rest for good or with somebody: what is under way still needs
 * them. The event holds everything that is known of the run afterwards, so that its work stays done once.
 */
import { type Refusal, refuse } from '../errors.ts';
import type { RunEvent } from '../events/run-events.ts';
import { type RunState, routeOf } from './state.ts';

/** No event at all when it was erased before. @param state of a run that exists */
export function decideErase(state: RunState, by: string): readonly RunEvent[] | Refusal {
  const { runId, workflowId, definitionHash, key, forced, status, outcome, createdAt, finishedAt } = state;
  if (state.erased !== null) return [];
  if (status === 'running' || status === 'waiting' || finishedAt === null) {
    return refuse(
      'run-live',
      `run ${runId} is ${status}${state.waiting === null ? '' : ` (${state.waiting.for})`}: what is under way cannot be erased`,
      `Stop it for good first: wf cancel ${runId}`,
    );
  }
  const route = routeOf(state);
  return [
    {
      type: 'RunErased',
      data: {
        ...{ runId, workflowId, definitionHash, key, forced, status },
        ...(outcome === null ? {} : { outcome }),
        ...(route === null ? {} : { route }),
        createdAt,
        finishedAt,
        by,
      },
    },
  ];
}

export const refuseErased = (state: RunState, { at }: NonNullable<RunState['erased']>): Refusal =>
  refuse(
    'run-erased',
    `the texts of run ${state.runId} were erased at ${at}: nothing more can be done with it`,
    `To do the work again: wf run ${state.workflowId} --force --input …`,
  );
