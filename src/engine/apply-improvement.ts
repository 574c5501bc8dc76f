/**
 * Improvements carried out on the definition file, and taken back: backup, durable intent, the file, durable end.
 * Whatever dies in between, the file is whole, and the next one who has the lock finds out what became of it.
 */
import { conflictError, isRefusal, notFoundError, type Refusal, refusalToError } from '../errors.ts';
import type { ImprovementChange } from '../events/workflow-events.ts';
import { failpoint } from '../failpoint.ts';
import { commitEdit, type PreparedEdit, prepareEdit, prepareRevert } from '../home/apply-edit.ts';
import { checkDefinitionText } from '../home/definitions.ts';
import { backupEdit } from '../home/edit-backup.ts';
import type { Improvement } from '../projections/feedback.ts';
import { abandon, alone, confirm, type Improver } from './settle-intents.ts';
import { recordWorkflowFact } from './workflow-facts.ts';

export type AppliedImprovement = {
  readonly improvementId: string;
  readonly changes: readonly ImprovementChange[];
  /** Home-relative path of the copy from before. */
  readonly backup: string;
  /** Absolute path of the definition that was changed. */
  readonly file: string;
  /** The home had no file of its own yet: the package's was copied into it. */
  readonly copiedFromBundled: boolean;
};

/**
 * Only inside {@link alone}.
 * @param expectedHash of the file the changes were made for
 */
export async function applyChanges(
  improver: Improver,
  workflowId: string,
  expectedHash: string,
  changes: readonly ImprovementChange[],
): Promise<AppliedImprovement | Refusal> {
  const edit = await prepareEdit({ ...editOptions(improver, workflowId, changes), expectedHash });
  return isRefusal(edit) ? edit : carryOut(improver, edit, changes);
}

/**
 * Takes an applied improvement back, and nothing that a person changed since.
 * @throws {WfError} exit 3 for an unknown one; exit 4 when it is not in force, or its lines are not ours any more
 */
export function revertImprovement(
  improver: Improver,
  workflowId: string,
  improvementId: string,
): Promise<AppliedImprovement> {
  return alone(improver, workflowId, async () => {
    const { improvements } = improver.ports.projections.improvementFacts(workflowId);
    const improvement = improvements.find((candidate) => candidate.improvementId === improvementId);
    if (improvement === undefined) {
      throw notFoundError(
        'improvement-unknown',
        `workflow ${workflowId} has no improvement ${improvementId}`,
        {
          hint: `See: wf feedback improve --workflow-id ${workflowId}`,
        },
      );
    }
    assertInForce(improvement);
    const reverted = await takeBack(improver, improvement);
    if (isRefusal(reverted)) throw refusalToError(reverted);
    return reverted;
  });
}

/**
 * Only inside {@link alone}, for an improvement that is in force.
 * @param reason recorded with it, where the engine does it by itself
 */
export async function takeBack(
  improver: Improver,
  { workflowId, improvementId, changes, backup }: Improvement,
  reason?: string,
): Promise<AppliedImprovement | Refusal> {
  const edit = await prepareRevert({ ...editOptions(improver, workflowId, changes), backup });
  const why = { reverts: improvementId, ...(reason === undefined ? {} : { reason }) };
  return isRefusal(edit) ? edit : carryOut(improver, edit, changes, why);
}

function assertInForce({ improvementId, status, reverts, revertedBy, reason }: Improvement): void {
  if (reverts !== undefined) {
    throw conflictError(
      'improvement-is-revert',
      `${improvementId} took improvement ${reverts} back; it cannot be taken back itself`,
      {
        hint: 'Put the change into the definition by hand.',
      },
    );
  }
  if (status === 'applied') return;
  throw status === 'reverted'
    ? conflictError(
        'improvement-reverted',
        `improvement ${improvementId} was taken back already, by ${revertedBy ?? 'another one'}`,
      )
    : conflictError(
        'improvement-not-applied',
        `improvement ${improvementId} was never in force: ${reason ?? status}`,
      );
}

const editOptions = (
  { ports, places }: Improver,
  workflowId: string,
  changes: readonly ImprovementChange[],
) => ({
  ...places,
  workflowId,
  changes,
  sha256: ports.sha256,
  validate: async (text: string, file: string): Promise<void> => {
    await checkDefinitionText(text, file, workflowId);
  },
});

async function carryOut(
  { ports, places }: Improver,
  edit: PreparedEdit,
  changes: readonly ImprovementChange[],
  why: { readonly reverts?: string; readonly reason?: string } = {},
): Promise<AppliedImprovement | Refusal> {
  const { workflowId, beforeHash, afterHash, file, copiedFromBundled } = edit;
  const improvementId = ports.newId();
  // On disk before the intent that names it: a crash here leaves one more copy, and nothing else.
  const backup = backupEdit({ home: places.home, improvementId, prepared: edit });
  failpoint('improvement.backed-up');
  await recordWorkflowFact(ports, workflowId, {
    type: 'ImprovementIntended',
    data: {
      improvementId,
      workflowId,
      beforeHash,
      afterHash,
      changes: [...changes],
      backup,
      ...why,
    },
  });
  // From here to the confirmation a crash leaves the intent open; the file says which side of the rename it was on.
  failpoint('improvement.intended');
  const done = await commitEdit(edit, ports.sha256);
  failpoint('improvement.applied');
  if (isRefusal(done)) {
    await abandon(ports, workflowId, improvementId, 'the file was changed by somebody else meanwhile');
    return done;
  }
  await confirm(ports, { improvementId, workflowId, afterHash, reverts: why.reverts });
  failpoint('improvement.recorded');
  // The copy says `"$schema": "./workflow.schema.json"`: an editor finds it only if it stands beside it.
  if (copiedFromBundled) copySchema(places);
  return { improvementId, changes, backup, file, copiedFromBundled };
}

function copySchema({ home, bundledDir }: Improver['places']): void {
  const fs = process.getBuiltinModule('node:fs');
  try {
    const text = fs.readFileSync(`${bundledDir}/workflow.schema.json`);
    // Not copyFile: a copy has the rights of what it copies, and everything in a home is its owner's alone.
    fs.writeFileSync(`${home}/definitions/workflow.schema.json`, text, { mode: 0o600, flag: 'wx' });
  } catch {
    // There already, or not to be had: the definition runs without it.
  }
}
