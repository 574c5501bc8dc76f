/**
 * verify: what must be on disk. The definition's files are checked when the work is known to be done; at a hand-over
 * nobody has done it yet, so only brief, receipt and run record are checked.
 */
import type { StageOutputs } from '../../events/run-events.ts';
import { homeRelative, type RunContext } from '../context.ts';
import { withoutOps } from '../ops-gate.ts';
import { BLANK_ATTEMPT, templateValues } from '../render-step.ts';
import { latestEffect, outputOf, type RunState } from '../state.ts';
import { expand } from '../template.ts';

export type VerifyPlan = {
  readonly mode: 'work' | 'hand-over';
  /** Paths, home-relative where inside the home. */
  readonly files: readonly string[];
};

export function planVerify(context: RunContext, state: RunState): VerifyPlan {
  if (outputOf(state, 'execute')?.outcome === 'handed_off') {
    const briefs = context.definition.steps.flatMap((step) => {
      const effect = latestEffect(state, step.id);
      return effect?.dispatcher === 'manual' && effect.status === 'handed_off'
        ? [`tasks/${effect.taskId}.md`]
        : [];
    });
    return { mode: 'hand-over', files: [`state/runs/${state.runId}.json`, ...briefs] };
  }
  const values = templateValues(context, state, BLANK_ATTEMPT, withoutOps(context.input.task));
  values.set('brief', '');
  const files = context.definition.requiredFiles.map((file) =>
    homeRelative(context.home, expand(file, values)),
  );
  return { mode: 'work', files };
}

type Check = StageOutputs['verify']['checks'][number];

export const missingOf = (checks: readonly Check[]): readonly string[] =>
  checks.filter((check) => !check.exists).map((check) => check.file);
