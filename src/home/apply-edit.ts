/**
 * Changing a definition file without losing anything: prepare, backup, the caller's durable intent, commit, the
 * caller's confirmation. The file is either whole as it was or whole as it becomes, and one that a person changed
 * in between is left to the person.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ioError, type Refusal, refuse, usageError } from '../errors.ts';
import type { ImprovementChange } from '../events/workflow-events.ts';
import type { Sha256Hex } from '../log/event-store.ts';
import { isLowRiskChange } from '../workflow/improve/low-risk.ts';
import { editDefinition, revertEdits } from './definition-edits.ts';
import { type DefinitionPlaces, findDefinition, readDefinitionFile } from './definitions.ts';
import { readBackup } from './edit-backup.ts';
import { isMissing } from './file-errors.ts';
import { homePaths } from './paths.ts';
import { replaceSynced, temporaryOf } from './synced-file.ts';

export type PreparedEdit = {
  readonly workflowId: string;
  /** Absolute, in the home, links resolved: what is replaced. */
  readonly file: string;
  readonly beforeHash: string;
  readonly afterHash: string;
  readonly beforeText: string;
  readonly newText: string;
  /** The definition was the package's: the home has no file yet, and gets its own with the change. */
  readonly copiedFromBundled: boolean;
};

type Common = DefinitionPlaces & {
  readonly workflowId: string;
  readonly changes: readonly ImprovementChange[];
  readonly sha256: Sha256Hex;
  /** Throws when the new text is no valid definition. */
  readonly validate: (newText: string, file: string) => void | Promise<void>;
};

const changedMeanwhile = (file: string): Refusal =>
  refuse(
    'definition-changed',
    `The definition was changed meanwhile and is left as it is: ${file}`,
    'Run `wf feedback improve` again: it looks at the file as it is now.',
  );

/**
 * The new text and both hashes; writes nothing.
 * @param options.expectedHash hash of the file the changes were made for
 * @throws {WfError} improvement-not-low-risk, definition-not-editable, definition-outside-home (2), whatever
 * `validate` throws
 */
export async function prepareEdit(
  options: Common & { readonly expectedHash: string },
): Promise<PreparedEdit | Refusal> {
  const { changes, sha256, expectedHash } = options;
  const unsafe = changes.find((change) => !isLowRiskChange(change));
  if (unsafe !== undefined) {
    throw usageError(
      'improvement-not-low-risk',
      `"${unsafe.catalogueId}" is no change that may be applied.`,
      {
        hint: 'Only sentences of the catalogue and bounded numbers are applied; edit the file by hand.',
      },
    );
  }
  const { source, target } = await editTarget(options);
  const { body, bytes } = await readDefinitionFile(source);
  if (sha256(bytes) !== expectedHash) return changedMeanwhile(source);
  return prepared(options, source, target, body, await editDefinition(body, changes));
}

/**
 * Takes an earlier improvement back.
 * @param options.backup home-relative path of the copy from before that improvement
 */
export async function prepareRevert(
  options: Common & { readonly backup: string },
): Promise<PreparedEdit | Refusal> {
  const { source, target } = await editTarget(options);
  const { body } = await readDefinitionFile(source);
  const before = await readBackup(options.home, options.backup);
  const reverted = await revertEdits(body, options.changes, before);
  if (typeof reverted !== 'string') {
    return refuse(
      'improvement-gone',
      `The improvement cannot be taken back: ${reverted.conflict}.`,
      `The file as it was before is ${options.backup} in the home.`,
    );
  }
  return prepared(options, source, target, body, reverted);
}

async function prepared(
  { workflowId, sha256, validate }: Common,
  source: string,
  target: string,
  beforeText: string,
  newText: string,
): Promise<PreparedEdit | Refusal> {
  if (newText === beforeText) {
    return refuse(
      'improvement-empty',
      'The definition has these changes already: there is nothing to apply.',
    );
  }
  await validate(newText, target);
  return {
    workflowId,
    file: target,
    beforeHash: sha256(beforeText),
    afterHash: sha256(newText),
    beforeText,
    newText,
    copiedFromBundled: source !== target,
  };
}

/**
 * Which file an edit reads and which one it replaces; they differ for the package's own definition and for a link.
 * @throws {WfError} definition-outside-home (2): a link leads out of the home's definitions
 */
export async function editTarget(
  places: DefinitionPlaces & { readonly workflowId: string },
): Promise<{ readonly source: string; readonly target: string }> {
  const { file, source } = await findDefinition(places, places.workflowId);
  const dir = homePaths(places.home).definitions;
  if (source === 'bundled') return { source: file, target: path.join(dir, path.basename(file)) };
  const real = resolved(file);
  const inside = path.relative(fs.realpathSync(dir), real).split(path.sep);
  // A part that begins with a dot is `..`, or a folder of ours such as the backups.
  if (path.isAbsolute(inside.join(path.sep)) || inside.some((part) => part.startsWith('.'))) {
    throw usageError('definition-outside-home', `The definition is a link that leads to ${real}.`, {
      where: file,
      hint: 'Only files in the home are changed. Put a copy in the place of the link, or edit the file by hand.',
    });
  }
  return { source: real, target: real };
}

/**
 * Puts the new text in the file's place. The intent must be durable before this.
 * A crash before the rename leaves the file as it was, one after it leaves the new one: {@link recoverIntent} tells.
 */
export async function commitEdit(
  edit: PreparedEdit,
  sha256: Sha256Hex,
): Promise<{ readonly file: string; readonly afterHash: string } | Refusal> {
  const { file, beforeHash, afterHash, newText, copiedFromBundled } = edit;
  const now = hashOf(file, sha256);
  if (now !== (copiedFromBundled ? null : beforeHash)) return changedMeanwhile(file);
  const temporary = temporaryOf(file, afterHash);
  // Where there is no file yet, one that appears in the last moment must not be replaced.
  const isDone = replaceSynced(file, temporary, newText, { exclusive: copiedFromBundled });
  return isDone ? { file, afterHash } : changedMeanwhile(file);
}

function resolved(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch (cause) {
    throw ioError('definition-unreadable', 'The definition cannot be read: the link leads nowhere.', {
      where: file,
      cause,
    });
  }
}

/** What became of an intent that nobody confirmed. `changed`: neither text is there, the file is a person's. */
export function recoverIntent(options: {
  readonly file: string;
  readonly beforeHash: string;
  readonly afterHash: string;
  readonly sha256: Sha256Hex;
}): 'applied' | 'not-applied' | 'changed' {
  const { file, beforeHash, afterHash, sha256 } = options;
  fs.rmSync(temporaryOf(file, afterHash), { force: true });
  const now = hashOf(file, sha256);
  if (now === afterHash) return 'applied';
  return now === null || now === beforeHash ? 'not-applied' : 'changed';
}

function hashOf(file: string, sha256: Sha256Hex): string | null {
  try {
    return sha256(fs.readFileSync(file));
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw ioError('definition-unreadable', 'The definition cannot be read.', { where: file, cause });
  }
}
