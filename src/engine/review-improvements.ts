/**
 * The end of a run, failed ones included: are runs with an applied improvement worse? Then what the definition's
 * `selfImprove.revert` says: a person is asked, or it is taken back, once, and only what is still as it was written.
 */
import { isRefusal } from '../errors.ts';
import type { RunState } from '../workflow/state.ts';
import { takeBack } from './apply-improvement.ts';
import { loadCurrent, proposeAfterRun } from './improve.ts';
import { worseImprovements } from './measure-improvements.ts';
import { alone, type Improver, openIntents } from './settle-intents.ts';

/** By the file as it is now: whoever has switched it off meanwhile means it. */
export async function reviewAfterRun(improver: Improver, { workflowId, runId }: RunState): Promise<void> {
  const { ports } = improver;
  const { definition, body } = await loadCurrent(improver, workflowId);
  const { enabled, revert } = definition.selfImprove;
  if (!enabled || revert === undefined) return;
  const worse = await worseImprovements(ports, workflowId, body, revert);
  if (worse.length === 0 && openIntents(ports, workflowId).length === 0) return;
  if (revert.whenWorse === 'propose') {
    await proposeAfterRun(improver, workflowId, runId);
    return;
  }
  await alone(improver, workflowId, async () => {
    // What was seen before the lock was held may be another's past by now.
    const current = await loadCurrent(improver, workflowId);
    // One at a time, the newest first: which of two is to blame shows in the runs without it.
    const [worse] = await worseImprovements(ports, workflowId, current.body, revert);
    if (worse === undefined) return;
    const { improvementId } = worse.improvement;
    const because = worse.because.join('; ');
    const done = await takeBack(improver, worse.improvement, because);
    await ports.projections.project();
    if (isRefusal(done)) return;
    ports.onNotice?.(`improvement ${improvementId} of ${workflowId} was taken back: ${because}`);
  });
}
