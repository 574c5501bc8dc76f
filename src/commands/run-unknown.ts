/** The answer to a run's id where there is no home, and so no run at all. */
import { notFoundError, type WfError } from '../errors.ts';
import { homeDir } from './home-dir.ts';
import type { Invocation } from './verb.ts';

export const runUnknown = (invocation: Pick<Invocation, 'options' | 'env'>, named: string): WfError =>
  notFoundError('run-unknown', named === 'last' ? 'there is no run yet' : `there is no run ${named}`, {
    where: homeDir(invocation),
    hint: 'Start one: wf run autonomous-e2e --input "…"',
  });
