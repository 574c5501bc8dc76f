/** `wf reject`: no. The run is cancelled, goes on without what was asked about, or is sent back, as its definition says. */

import { carryOn } from '../engine/outside-commands.ts';
import { recordFact } from '../engine/record-fact.ts';
import { ExitCode } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import type { OutsideCommand } from '../workflow/command.ts';
import { approvalOf } from './approval-of.ts';
import { openFor } from './home-of.ts';
import { loginName } from './login-name.ts';
import { programName } from './program-name.ts';
import { redactedReason } from './reason.ts';
import { runView } from './render/run-view.ts';
import { argument, type Invocation } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const { run: before, approval } = await approvalOf(home, argument(invocation, 0));
  const reason = redactedReason(invocation, home);
  const no: OutsideCommand = {
    type: 'Reject',
    approvalId: approval.approvalId,
    by: loginName(invocation.env) ?? 'user',
    ...(reason === undefined ? {} : { reason }),
  };
  const state = await recordFact(home.ports, before.runId, no);
  if (state.status !== 'cancelled') {
    return printAnswer(invocation, home, await carryOn(home.ports, state, 'reject'));
  }
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
