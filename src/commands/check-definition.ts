/** Checks definition files as a run would: everything found, each with its line and column. Needs no home. */

import { ExitCode, notFoundError, WfError } from '../errors.ts';
import { checkWhole } from '../home/check-definition.ts';
import { locate, parseDefinitionText } from '../home/definition-file.ts';
import {
  type DefinitionEntry,
  type DefinitionPlaces,
  findDefinition,
  listDefinitions,
  readDefinitionFile,
} from '../home/definitions.ts';
import { type Finding, formatPath, hasErrors } from '../workflow/validate-definition.ts';
import type { ConnectionCheck } from './check-connections.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

export type FindingView = {
  readonly severity: Finding['severity'];
  readonly code: string;
  /** Key path inside the file, e.g. `execute.steps[1].timeout`. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
  /** From 1; absent where the file could not be read at all. */
  readonly line?: number;
  readonly column?: number;
};

export type CheckedFile = {
  readonly file: string;
  /** Absent for a file that is none of the home's or the package's. */
  readonly id?: string;
  readonly source?: DefinitionEntry['source'];
  readonly ok: boolean;
  readonly findings: readonly FindingView[];
};

/** A path when it looks like one or is there, else an id; nothing = all. @throws {WfError} exit 3, exit 2 */
export async function checkNamed(
  places: DefinitionPlaces,
  named: string | undefined,
  connections: ConnectionCheck = () => [],
): Promise<readonly CheckedFile[]> {
  if (named === undefined) return checkAll(places, connections);
  if (!looksLikePath(named)) return [await checkFile(await findDefinition(places, named), connections)];
  const file = path.resolve(named);
  if (!fs.existsSync(file)) {
    throw notFoundError('definition-file-unknown', `there is no file ${named}`, {
      where: file,
      hint: 'Check the path, or name a workflow: wf definitions list',
    });
  }
  // Its name counts only where runs would look for it.
  const known = listDefinitions(places).find((entry) => path.resolve(entry.file) === file);
  return [await checkFile(known ?? { file }, connections)];
}

export const looksLikePath = (named: string): boolean =>
  named.includes('/') || /\.jsonc?$/.test(named) || fs.existsSync(named);

async function checkAll(
  places: DefinitionPlaces,
  connections: ConnectionCheck,
): Promise<readonly CheckedFile[]> {
  const entries = listDefinitions(places);
  const checked: CheckedFile[] = [];
  for (const entry of entries) {
    const result = await checkFile(entry, connections);
    const twins = entries.filter((other) => other.id.toLowerCase() === entry.id.toLowerCase());
    checked.push(
      twins.length < 2 ? result : { ...result, ok: false, findings: [...result.findings, twin(twins)] },
    );
  }
  return checked;
}

const twin = (entries: readonly DefinitionEntry[]): FindingView => ({
  severity: 'error',
  code: 'workflow-ambiguous',
  path: 'id',
  message: `more than one file defines this workflow: ${entries.map(({ file }) => file).join(' and ')}`,
  hint: 'Ids are unique without regard to case. Rename or remove one of the files.',
});

type Subject = { readonly file: string; readonly id?: string; readonly source?: DefinitionEntry['source'] };

export async function checkFile(
  subject: Subject,
  connections: ConnectionCheck = () => [],
): Promise<CheckedFile> {
  const findings = await findingsOf(subject, connections);
  return { ...subject, ok: findings.every(({ severity }) => severity !== 'error'), findings };
}

async function findingsOf(
  { file, id }: Subject,
  connections: ConnectionCheck,
): Promise<readonly FindingView[]> {
  try {
    const { body } = await readDefinitionFile(file);
    const { raw } = await parseDefinitionText(body, file);
    const own = await checkWhole(raw, id === undefined ? {} : { expectedId: id });
    const found = hasErrors(own) ? own : [...own, ...connections(raw)];
    return await Promise.all(
      found.map(async ({ path: at, ...finding }) => ({
        ...finding,
        path: formatPath(at),
        ...(await locate(body, at)),
      })),
    );
  } catch (error) {
    // A file that cannot be read or parsed is one more thing that is wrong with it; a bug is not.
    if (!(error instanceof WfError) || error.exitCode === ExitCode.bug) throw error;
    return [unreadable(error)];
  }
}

function unreadable({ code, message, hint, details }: WfError): FindingView {
  const { line, column } = details;
  return {
    severity: 'error',
    code,
    path: formatPath([]),
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(typeof line === 'number' && typeof column === 'number' ? { line, column } : {}),
  };
}
