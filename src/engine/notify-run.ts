/** Tells what there is to tell of a run as it is now. Called where a run stops, and by whoever looks after that. */
import { noticeText } from '../projections/notice-text.ts';
import type { Definition } from '../workflow/definition.ts';
import { type Cause, causesOf } from '../workflow/notify-causes.ts';
import type { RunState } from '../workflow/state.ts';
import type { EnginePorts, Told } from './ports.ts';
import { tell } from './tell.ts';

export type NotifyOptions = {
  readonly nowMs?: number;
  /** A newer run of the workflow has begun: a failure of this one is told, and not again and again. */
  readonly isSuperseded?: boolean;
};

/** @param definition the one the run is pinned to */
export async function notifyRun(
  ports: EnginePorts,
  run: RunState,
  definition: Definition,
  { nowMs = ports.clock.now(), isSuperseded = false }: NotifyOptions = {},
): Promise<readonly Told[]> {
  const { notify: rules } = definition;
  const causes = causesOf(definition, run).map((cause) =>
    isSuperseded && cause.on === 'failed' ? { ...cause, lasts: false } : cause,
  );
  if (rules.length === 0 || causes.length === 0) return [];
  const { runId, workflowId } = run;
  const text = (cause: Cause, isAgain: boolean): string => noticeText(run, cause, isAgain);
  return tell(ports, { name: runId, workflowId, runId, rules, causes, text }, nowMs);
}
