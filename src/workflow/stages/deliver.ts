/**
 * deliver: decides where the summary stands, and only that. The file itself is a projection of the whole run, so it
 * always shows the newest status; failed and waiting runs have one too.
 */
import type { StageOutputs } from '../../events/run-events.ts';
import { homeRelative, type RunContext } from '../context.ts';
import { withoutOps } from '../ops-gate.ts';
import { BLANK_ATTEMPT, templateValues } from '../render-step.ts';
import type { RunState } from '../state.ts';
import { expand } from '../template.ts';

export function deliverOutput(context: RunContext, state: RunState): StageOutputs['deliver'] {
  const values = templateValues(context, state, BLANK_ATTEMPT, withoutOps(context.input.task));
  values.set('brief', '');
  return { summaryFile: homeRelative(context.home, expand(context.definition.summaryFile, values)) };
}
