/** plan: the route's lines and the definition's assumptions. Both go into the brief that is dispatched. */
import type { StageOutputs } from '../../events/run-events.ts';
import type { RunContext } from '../context.ts';
import { withoutOps } from '../ops-gate.ts';
import { BLANK_ATTEMPT, templateValues } from '../render-step.ts';
import { outputOf, type RunState } from '../state.ts';
import { expand } from '../template.ts';

const LONGEST_VALUE = 2000;

export function planOutput(context: RunContext, state: RunState): StageOutputs['plan'] {
  const route = outputOf(state, 'classify')?.route ?? '';
  const values = templateValues(context, state, BLANK_ATTEMPT, withoutOps(context.input.task));
  // The whole task stands above the plan in the brief; a line of the plan is a line.
  for (const [name, value] of values)
    if (value.length > LONGEST_VALUE) values.set(name, `${value.slice(0, LONGEST_VALUE).toWellFormed()}…`);
  // A plan line cannot contain the brief, which contains the plan.
  values.set('brief', '');
  const lines = context.definition.plan.get(route) ?? [];
  return {
    route,
    steps: lines.map((line) => expand(line, values)),
    assumptions: context.definition.assumptions.map((line) => expand(line, values)),
  };
}
