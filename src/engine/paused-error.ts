/** What a pause says to who wanted something done: since when, by whom, and how it is lifted. */
import { ExitCode, WfError } from '../errors.ts';
import type { Pause } from '../projections/pause-state.ts';

export function pausedError(pause: Pause, workflowId: string, runId?: string): WfError {
  const lift = `wf pause --off${pause.workflowId === null ? '' : ` ${pause.workflowId}`}`;
  const what = runId === undefined ? 'nothing was started' : `run ${runId} stands where it is`;
  return new WfError('paused', `${pauseText(pause)}: ${what}`, {
    exitCode: ExitCode.paused,
    hint: `Lift it: ${lift}, then ${runId === undefined ? 'ask again' : `wf resume ${runId}`}`,
    retryable: true,
    details: { workflowId, ...(runId === undefined ? {} : { runId }) },
  });
}

/** `workflow brand is paused since … by maria (moving house)`. */
export const pauseText = ({ workflowId, since, by, reason }: Pause): string =>
  `${workflowId === null ? 'everything' : `workflow ${workflowId}`} is paused since ${since} by ${by}${reason === undefined ? '' : ` (${reason})`}`;
