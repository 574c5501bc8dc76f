/** Costs of a run's acts as rows of their own, by the time they were known, so that a day is summed up without reading a run. */
import { costOfEffect, mayCost } from '../workflow/cost.ts';
import type { RunState } from '../workflow/state.ts';
import type { IndexDb } from './index-db.ts';

/** In the order of its columns; `usd` null = unknown. */
export type CostRow = {
  readonly effectId: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly at: string;
  readonly usd: number | null;
};

/** Null for a run that has no act that may cost: most runs never have any, and pay nothing for those that do. */
export function costRows(state: RunState): readonly CostRow[] | null {
  const { runId, workflowId, effects } = state;
  if (!effects.some(({ dispatcher }) => mayCost(dispatcher))) return null;
  return effects.flatMap((effect) => {
    const usd = costOfEffect(effect);
    if (usd === undefined) return [];
    return [{ effectId: effect.effectId, runId, workflowId, at: effect.endedAt ?? effect.intendedAt, usd }];
  });
}

/** Written anew with the run: an attempt of unknown cost may turn out not to have happened. */
export function writeCosts(index: IndexDb, runId: string, costs: readonly CostRow[]): void {
  index.run('DELETE FROM costs WHERE runId = ?', runId);
  for (const row of costs)
    index.run(
      'INSERT INTO costs (effectId, runId, workflowId, at, usd) VALUES (?, ?, ?, ?, ?)',
      ...Object.values(row),
    );
}
