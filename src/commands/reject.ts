/** `wf reject`: no. The run is cancelled, nothing is dispatched. */

import { recordFact } from '../engine/outside-commands.ts';
import { ExitCode } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { approvalOf } from './approval-of.ts';
import { openFor } from './home-of.ts';
import { programName } from './program-name.ts';
import { redactedReason } from './reason.ts';
import { runView } from './render/run-view.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openFor(invocation);
  const { run: before, approval } = await approvalOf(home, argument(invocation, 0));
  const reason = redactedReason(invocation, home);
  const state = await recordFact(home.ports, before.runId, {
    type: 'Reject',
    approvalId: approval.approvalId,
    by: invocation.env.USER ?? 'user',
    ...(reason === undefined ? {} : { reason }),
  });
  await home.ports.projections.project();
  if (invocation.json) {
    const view = runView(state, home.paths.home);
    invocation.io.out(`${JSON.stringify({ schema: 'wf.run/1', answer: 'ended', exitCode: 0, run: view })}\n`);
    return ExitCode.ok;
  }
  const short = shortestUniquePrefix(home.index, state.runId);
  invocation.io.out(
    `■ rejected. Run ${short} is cancelled; nothing was dispatched.\n\nLook: ${programName(invocation)} show ${short}\n`,
  );
  return ExitCode.ok;
}
