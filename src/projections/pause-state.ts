/** Whether a workflow, or the whole home, is paused: the fold of `workflow/<id>`, or of `system`. */
import type { SystemEvent } from '../events/system-events.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';

export type Pause = {
  /** Null: everything is. */
  readonly workflowId: string | null;
  /** ISO 8601. */
  readonly since: string;
  /** Who asked, as their login says. */
  readonly by: string;
  readonly reason?: string;
};

export type PausableEvent = (SystemEvent | WorkflowEvent) & { readonly ts: string };

/** Paused twice it stands since the first time. */
export function evolvePause(pause: Pause | null, event: PausableEvent): Pause | null {
  switch (event.type) {
    case 'HomePaused':
      return pause ?? { workflowId: null, since: event.ts, ...event.data };
    case 'WorkflowPaused':
      return pause ?? { since: event.ts, ...event.data };
    case 'HomeUnpaused':
    case 'WorkflowUnpaused':
      return null;
    default:
      return pause;
  }
}

/** A pause, and the version of its stream that it was read at. */
export type PauseAt = { readonly version: number; readonly pause: Pause | null };
