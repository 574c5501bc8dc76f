/** What is paused, a line each, with the command that lifts it: shown wherever somebody wonders why nothing happens. */
import { pauseText } from '../../engine/paused-error.ts';
import type { Pause } from '../../projections/pause-state.ts';
import { safe } from './text.ts';

/** Empty where nothing is. */
export const pausedLines = (pauses: readonly Pause[], wf: string): string =>
  pauses
    .map(
      (pause) =>
        `⏸ ${safe(pauseText(pause))}. Lift it: ${wf} pause --off${pause.workflowId === null ? '' : ` ${pause.workflowId}`}\n`,
    )
    .join('');
