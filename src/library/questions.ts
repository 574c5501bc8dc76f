/**
 * Questions and their answers. An answer names the binding that was shown, so that it is an answer to that and to
 * nothing else; who gave it is recorded as the caller says. A yes to a high-risk question is the terminal's alone.
 */
import { loginName } from '../commands/login-name.ts';
import type { Answer } from '../engine/answer.ts';
import { contextOf, requireRun } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { carryOn, recordAndContinue } from '../engine/outside-commands.ts';
import { recordFact } from '../engine/record-fact.ts';
import { readText } from '../engine/texts.ts';
import { conflictError, notFoundError } from '../errors.ts';
import { opsGated } from '../workflow/ops-gate.ts';
import { type Approval, outputOf, type RunState } from '../workflow/state.ts';
import { assertPerson, assertRunId } from './check-arguments.ts';
import type { Decision, Question } from './types.ts';

const fs = process.getBuiltinModule('node:fs');

export async function questionOf(home: OpenHome, id: string): Promise<Question> {
  const { run, approval } = await find(home, id);
  const context = await contextOf(home.ports, run);
  const covers = [];
  for (const { step, dispatcher, target, message } of approval.covers) {
    const text = await readText(home.ports.blobs, message);
    covers.push({ step, dispatcher, ...(target === undefined ? {} : { target }), message: text });
  }
  const { approvalId, at, risk, reasons, files = [], binding, requestedAt, expiresAt } = approval;
  return {
    approvalId,
    runId: run.runId,
    workflowId: run.workflowId,
    at,
    risk,
    reasons,
    task: opsGated(outputOf(run, 'classify')?.route ?? '', context.input.task),
    covers,
    files,
    binding,
    requestedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

export async function approve(
  home: OpenHome,
  env: Readonly<Record<string, string | undefined>>,
  id: string,
  decision: Decision,
): Promise<Answer> {
  assertPerson(decision.by);
  const { run, approval } = await find(home, id);
  assertShown(approval, decision);
  const { by, detach = false } = decision;
  // The owner's word is the owner's only where the person is who runs this, in a home of theirs.
  const isOwner = by === loginName(env) && fs.statSync(home.paths.home).uid === process.getuid?.();
  const { approvalId } = approval;
  return recordAndContinue(
    home.ports,
    run.runId,
    { type: 'Approve', approvalId, by, isOwner, via: 'library' },
    { detach },
  );
}

export async function reject(
  home: OpenHome,
  id: string,
  decision: Decision & { readonly reason?: string },
): Promise<Answer> {
  assertPerson(decision.by);
  const { run, approval } = await find(home, id);
  assertShown(approval, decision);
  const { by, reason, detach = false } = decision;
  const state = await recordFact(home.ports, run.runId, {
    type: 'Reject',
    approvalId: approval.approvalId,
    by,
    ...(reason === undefined ? {} : { reason: home.ports.redact(reason).text }),
  });
  if (state.status !== 'cancelled' && !detach) return carryOn(home.ports, state, 'reject');
  await home.ports.projections.project();
  return { kind: state.status === 'cancelled' ? 'ended' : 'detached', run: state };
}

async function find(
  home: OpenHome,
  id: string,
): Promise<{ readonly run: RunState; readonly approval: Approval }> {
  assertRunId(id);
  const [, runId = id] = /^A-([^.]+)/.exec(id) ?? [];
  const run = await requireRun(home.ports, runId);
  const approval =
    id === runId
      ? run.approvals.findLast(({ status }) => status === 'pending')
      : run.approvals.find(({ approvalId }) => approvalId === id);
  if (approval !== undefined) return { run, approval };
  throw notFoundError(
    'approval-unknown',
    id === runId ? `run ${id} waits with no question` : `there is no question ${id}`,
    {
      hint: 'What waits: engine.inbox()',
    },
  );
}

/** @throws {WfError} approval-differs (4): what was shown is not what is asked */
function assertShown({ approvalId, binding }: Approval, decision: Decision): void {
  if (decision.binding === binding) return;
  throw conflictError('approval-differs', `what was shown is not what ${approvalId} asks`, {
    where: 'binding',
    hint: 'Show the question as it is now, engine.question(…), and ask again.',
  });
}
