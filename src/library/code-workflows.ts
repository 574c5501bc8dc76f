/**
 * Definitions that stand in the program, beside those in files. One id means one definition: a file of the home and
 * another content of the program under the same id are refused, never chosen between.
 */
import type { LoadedDefinition } from '../engine/ports.ts';
import { usageError } from '../errors.ts';
import { checkDefinitionText, definitionFromBody } from '../home/definitions.ts';
import { homePaths } from '../home/paths.ts';
import { coldSha256 } from '../log/hash.ts';
import type { Workflow } from './types.ts';

const fs = process.getBuiltinModule('node:fs');

export type CodeWorkflows = {
  /** @throws {WfError} workflow-ambiguous (2) */
  add(workflow: Workflow): void;
  /** Null where the program has none of that id. @throws {WfError} definition-invalid, workflow-ambiguous (2) */
  load(id: string): Promise<LoadedDefinition | null>;
};

export function codeWorkflows(home: string): CodeWorkflows {
  const bodies = new Map<string, string>();
  const checked = new Map<string, LoadedDefinition>();
  return {
    add: ({ id, definition }) => {
      const body = JSON.stringify(definition, null, 2);
      const known = bodies.get(id);
      if (known !== undefined && known !== body)
        throw usageError('workflow-ambiguous', `the program has two workflows "${id}"`, {
          hint: 'Give one of them another id.',
        });
      bodies.set(id, body);
    },
    load: async (id) => {
      const body = bodies.get(id);
      if (body === undefined) return null;
      assertNoFile(home, id);
      const known = checked.get(id);
      if (known !== undefined) return { ...known, warnings: [] };
      const loaded = await check(id, body);
      checked.set(id, loaded);
      return loaded;
    },
  };
}

async function check(id: string, body: string): Promise<LoadedDefinition> {
  const file = `defineWorkflow("${id}")`;
  const warnings = await checkDefinitionText(body, file, id);
  const definition = await definitionFromBody(body, file);
  if (definition.selfImprove.enabled)
    throw usageError('definition-in-code', `workflow ${id} stands in the program: it cannot improve itself`, {
      where: `${file}: selfImprove.enabled`,
      hint: 'Put it into a file of definitions/, or leave selfImprove out.',
    });
  return { id, source: 'program', body, hash: coldSha256(body), definition, warnings, file };
}

function assertNoFile(home: string, id: string): void {
  const { definitions } = homePaths(home);
  const file = ['.json', '.jsonc']
    .map((end) => `${definitions}/${id}${end}`)
    .find((one) => fs.existsSync(one));
  if (file === undefined) return;
  throw usageError('workflow-ambiguous', `the program and a file define the workflow "${id}"`, {
    where: file,
    hint: 'Remove the file, or give the workflow of the program another id.',
  });
}
