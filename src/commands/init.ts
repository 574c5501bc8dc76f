/**
 * `wf init`: lists the templates that come with the package; `wf init TEMPLATE` copies one into the home, never over
 * anything, and says what it needs that this machine does not have, a server for its schedules included.
 */
import { ExitCode, usageError } from '../errors.ts';
import { readConfig } from '../home/config.ts';
import { definitionFromBody, readDefinitionFile, WORKFLOW_ID_PATTERN } from '../home/definitions.ts';
import { openHome } from '../home/home.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { isServerAlive } from '../home/server-mark.ts';
import {
  assertFree,
  findTemplate,
  listTemplates,
  placeDefinition,
  placeSchema,
  templateText,
} from '../home/templates.ts';
import { bulkSha256 } from '../log/hash.ts';
import { homeDir } from './home-dir.ts';
import { programName } from './program-name.ts';
import { createdText, templatesText } from './render/init-text.ts';
import { printJson } from './render/list.ts';
import { unmetNeeds } from './unmet-needs.ts';
import { type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const [name] = invocation.args;
  const bundledDir = `${invocation.packageDir}/definitions`;
  if (name !== undefined) return create(invocation, bundledDir, name);
  if (option(invocation, 'id') !== undefined)
    throw usageError('usage', '--id names a copy, but no template is named', {
      hint: 'wf init TEMPLATE --id NAME; the templates: wf init',
    });
  const templates = await Promise.all(
    listTemplates(bundledDir).map(async (template) => ({
      ...template,
      description: (await definitionFromBody((await readDefinitionFile(template.file)).body)).description,
    })),
  );
  if (invocation.json) printJson(invocation, { schema: 'wf.init/1', action: 'list', templates });
  else invocation.io.out(templatesText(templates, programName(invocation)));
  return ExitCode.ok;
}

async function create(invocation: Invocation, bundledDir: string, name: string): Promise<ExitCode> {
  const template = findTemplate(bundledDir, name);
  const id = option(invocation, 'id') ?? name;
  if (!WORKFLOW_ID_PATTERN.test(id))
    throw usageError('workflow-id-invalid', `${JSON.stringify(id)} is not a workflow id`, {
      where: '--id',
      hint: 'An id has letters, digits, ".", "_" and "-", at most 128, beginning with a letter or digit.',
    });
  const home = homeDir(invocation);
  // All that can be refused is refused before anything is made.
  const text = await templateText(template, id);
  const config = await readConfig(`${home}/config.json`);
  const { paths } = openHome(home, { create: true });
  await assertNotLegacy(paths);
  assertFree(home, bundledDir, id);
  const file = placeDefinition(home, id, text);
  const schemaFile = placeSchema(home, bundledDir, bulkSha256());
  const definition = await definitionFromBody(text, file);
  const needs = unmetNeeds(definition, { home, config, env: invocation.env });
  const wf = programName(invocation);
  const schedules = definition.schedules.map((schedule) => schedule.id);
  const serverAlive = await isServerAlive(paths);
  if (invocation.json)
    printJson(invocation, {
      schema: 'wf.init/1',
      action: 'created',
      template: name,
      id,
      file,
      schemaFile,
      needs,
      schedules,
      serverAlive,
    });
  else {
    const made = { template: name, id, file, schemaFile, needs, schedules, serverAlive };
    invocation.io.out(createdText({ ...made, wf, env: invocation.env }));
  }
  return ExitCode.ok;
}
