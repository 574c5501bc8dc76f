/** `wf approve`: shows exactly what will be dispatched, and asks for the approval's id on the terminal. */

import { contextOf } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { recordAndContinue } from '../engine/outside-commands.ts';
import { readText } from '../engine/texts.ts';
import { conflictError, type ExitCode, usageError } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { opsGated } from '../workflow/ops-gate.ts';
import { type Approval, outputOf, type RunState } from '../workflow/state.ts';
import { approvalOf, shortApprovalId } from './approval-of.ts';
import { askOnTerminal } from './ask-terminal.ts';
import { openFor } from './home-of.ts';
import { programName } from './program-name.ts';
import { approvalText, type WholeTexts } from './render/ending.ts';
import { argument, flag, type Invocation } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const { run: state, approval } = await approvalOf(home, argument(invocation, 0));
  if (approval.status !== 'pending') {
    throw conflictError(
      'approval-decided',
      `approval ${approval.approvalId} was ${approval.status} already`,
      {
        hint: `Look: wf show ${state.runId}`,
      },
    );
  }
  const short = shortApprovalId(home, state, approval);
  const typed = askOnTerminal(
    `${approvalText(
      state,
      approval,
      {
        home: home.paths.home,
        env: invocation.env,
        nowMs: home.ports.clock.now(),
        short: (runId) => shortestUniquePrefix(home.index, runId),
        isLast: false,
        wf: programName(invocation),
      },
      await wholeTexts(home, state, approval),
    )}Type the approval id (${short}) to let it happen: `,
  );
  if (typed !== short && typed !== approval.approvalId) {
    throw usageError(
      'not-confirmed',
      'that is not the approval id: nothing was approved and nothing was dispatched',
      {
        hint: `Try again: wf approve ${short}    Say no: wf reject ${short}`,
      },
    );
  }
  const answer = await recordAndContinue(
    home.ports,
    state.runId,
    { type: 'Approve', approvalId: approval.approvalId, by: invocation.env.USER ?? 'user' },
    { detach: flag(invocation, 'detach') },
  );
  return printAnswer(invocation, home, answer);
}

/** Nobody can agree to what is not shown, however long it is. */
async function wholeTexts(home: OpenHome, run: RunState, approval: Approval): Promise<WholeTexts> {
  const { input } = await contextOf(home.ports, run);
  const messages = new Map<string, string>();
  for (const { step, message } of approval.covers)
    messages.set(step, await readText(home.ports.blobs, message));
  return { task: opsGated(outputOf(run, 'classify')?.route ?? '', input.task), messages };
}
