/** The answer to a run's id where there is no home, and so no run at all. */
import { notFoundError, type WfError } from '../errors.ts';

export const runUnknown = (named: string): WfError =>
  notFoundError('run-unknown', named === 'last' ? 'there is no run yet' : `there is no run ${named}`, {
    hint: 'Start one: wf run autonomous-e2e --input "…"',
  });
