/** `wf approve`: shows exactly what will be dispatched, and asks for the approval's id on the terminal. */
import fs from 'node:fs';
import { contextOf } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { recordAndContinue } from '../engine/outside-commands.ts';
import { readText } from '../engine/texts.ts';
import { conflictError, type ExitCode, usageError } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import { opsGated } from '../workflow/ops-gate.ts';
import { filesToShow } from '../workflow/stages/verify.ts';
import { type Approval, outputOf, type RunState } from '../workflow/state.ts';
import { approvalOf, shortApprovalId } from './approval-of.ts';
import { askOnTerminal } from './ask-terminal.ts';
import { openFor } from './home-of.ts';
import { loginName } from './login-name.ts';
import { programName } from './program-name.ts';
import { approvalText, type WholeTexts } from './render/approval-text.ts';
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
        exists: fs.existsSync,
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
    {
      type: 'Approve',
      approvalId: approval.approvalId,
      by: loginName(invocation.env) ?? 'user',
      isOwner: ownsHome(home.paths.home),
    },
    { detach: flag(invocation, 'detach') },
  );
  return printAnswer(invocation, home, answer);
}

const MAX_SHOWN_BYTES = 256 * 1024;

/** A long file is shown by its beginning, and says so: its whole content is bound by its hash all the same. */
function shownText(home: string, file: string): string {
  const path = file.startsWith('/') ? file : `${home}/${file}`;
  if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return '(there is no such file)';
  const bytes = fs.readFileSync(path);
  const text = bytes.subarray(0, MAX_SHOWN_BYTES).toString('utf8');
  return bytes.length <= MAX_SHOWN_BYTES
    ? text
    : `${text}\n[… ${bytes.length - MAX_SHOWN_BYTES} more bytes: ${path}]`;
}

/** Whether the home belongs to who runs this. */
const ownsHome = (home: string): boolean => fs.statSync(home).uid === process.getuid?.();

/** Nobody can agree to what is not shown, however long it is. */
async function wholeTexts(home: OpenHome, run: RunState, approval: Approval): Promise<WholeTexts> {
  const context = await contextOf(home.ports, run);
  const messages = new Map<string, string>();
  for (const { step, message } of approval.covers)
    messages.set(step, await readText(home.ports.blobs, message));
  const files = new Map<string, string>();
  for (const file of filesToShow(context, run, approval.at))
    files.set(file, shownText(home.paths.home, file));
  const route = outputOf(run, 'classify')?.route ?? '';
  return { task: opsGated(route, context.input.task), messages, files };
}
