/** Whether a definition still has what an improvement put into it: only then it is the improvement's doing, and ours. */
import type { ImprovementChange } from '../../events/workflow-events.ts';
import { at, listOf } from '../raw-value.ts';
import { ASSUMPTIONS_PATH } from './low-risk.ts';

/** @param raw the definition's content as parsed */
export const carries = (raw: unknown, changes: readonly ImprovementChange[]): boolean =>
  changes.every((change) =>
    change.kind === 'add-assumption'
      ? listOf(at(raw, ASSUMPTIONS_PATH)).includes(change.sentence)
      : at(raw, change.path) === change.value,
  );
