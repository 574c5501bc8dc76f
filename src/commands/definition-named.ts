/** A definition by what a person names it: a file, checked as a run would check it, or the id of a workflow. */
import { notFoundError } from '../errors.ts';
import {
  checkDefinitionText,
  definitionFromBody,
  loadDefinition,
  readDefinitionFile,
} from '../home/definitions.ts';
import { coldSha256 } from '../log/hash.ts';
import type { Definition } from '../workflow/definition.ts';
import { looksLikePath } from './check-definition.ts';
import { placesOf } from './definition-places.ts';
import type { Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

export type NamedDefinition = {
  readonly definition: Definition;
  readonly hash: string;
  readonly file: string;
};

/** @throws {WfError} exit 3 when there is no such file or workflow, exit 2 when it is no valid definition */
export async function definitionNamed(invocation: Invocation, named: string): Promise<NamedDefinition> {
  if (looksLikePath(named)) return definitionInFile(named);
  const { definition, hash, file } = await loadDefinition({
    ...placesOf(invocation),
    id: named,
    sha256: coldSha256,
    isRegistered: () => false,
  });
  return { definition, hash, file };
}

async function definitionInFile(named: string): Promise<NamedDefinition> {
  const file = path.resolve(named);
  if (!fs.existsSync(file))
    throw notFoundError('definition-file-unknown', `there is no file ${named}`, {
      where: file,
      hint: 'Check the path, or name a workflow: wf definitions list',
    });
  const { body, bytes } = await readDefinitionFile(file);
  await checkDefinitionText(body, file);
  return { definition: await definitionFromBody(body, file), hash: coldSha256(bytes), file };
}
