/** `wf feedback improve`: what feedback and runs suggest, and with --auto-apply the low-risk part of it done. */
import { type Improved, improve } from '../engine/improve.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, usageError } from '../errors.ts';
import { openFor } from './home-of.ts';
import { wholeNumber } from './number-option.ts';
import { programName } from './program-name.ts';
import { improvedText } from './render/improve-view.ts';
import { flag, type Invocation, option } from './verb.ts';

/** More than the catalogue holds; a greater number is a slip of the finger. */
const MAX_CHANGES = 100;
const MAX_BACK_TEST = 1_000;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const last = wholeNumber(invocation, 'back-test', 1, MAX_BACK_TEST);
  if (last !== undefined) {
    const { backTested } = await import('./feedback-back-test.ts');
    return backTested(invocation, workflowIn(invocation), last, maxChangesOf(invocation));
  }
  const { home, improved } = await improveNow(invocation);
  const { workflowId, analysis, proposalId, applicable, autoApplied } = improved;
  const { io, env } = invocation;
  if (invocation.json) {
    const view = {
      schema: 'wf.improvement/1',
      action: 'improve',
      workflowId,
      analysis,
      proposalId: proposalId ?? null,
      applicable,
      autoApplied:
        autoApplied === null ? null : { ...autoApplied, backup: `${home.paths.home}/${autoApplied.backup}` },
    };
    io.out(`${JSON.stringify(view)}\n`);
  } else {
    const { improvements } = home.ports.projections.improvementFacts(workflowId);
    io.out(improvedText(improved, { home: home.paths.home, env, improvements, wf: programName(invocation) }));
  }
  return ExitCode.ok;
}

/** What both command lines do, from the same options. */
export async function improveNow(
  invocation: Invocation,
): Promise<{ readonly home: OpenHome; readonly improved: Improved }> {
  const workflowId = workflowIn(invocation);
  const maxChanges = maxChangesOf(invocation);
  const home = await openFor(invocation);
  const places = { home: home.paths.home, bundledDir: home.bundledDir };
  const improved = await improve(
    { ports: home.ports, places },
    {
      workflowId,
      autoApply: flag(invocation, 'auto-apply'),
      ...(maxChanges === undefined ? {} : { maxChanges }),
    },
  );
  await home.ports.projections.project();
  return { home, improved };
}

const maxChangesOf = (invocation: Invocation): number | undefined =>
  wholeNumber(invocation, 'max-changes', 1, MAX_CHANGES);

function workflowIn(invocation: Invocation): string {
  const workflowId = option(invocation, 'workflow-id');
  if (workflowId !== undefined) return workflowId;
  throw usageError('usage', '--workflow-id is missing', {
    where: '--workflow-id',
    hint: 'Name one of: wf definitions list',
  });
}
