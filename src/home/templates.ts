/**
 * Whole definitions that come with the package, to begin from. A copy gets an id of its own and is otherwise the same
 * text, comments included; nothing that stands in its place is ever overwritten.
 */
import fs from 'node:fs';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { conflictError, notFoundError } from '../errors.ts';
import { byNearness } from '../workflow/did-you-mean.ts';
import { checkDefinitionText, listDefinitions, readDefinitionFile } from './definitions.ts';
import { replaceValue } from './jsonc-surgery.ts';
import { homePaths } from './paths.ts';
import { createSynced, replaceSynced, temporaryOf } from './synced-file.ts';

const SCHEMA_FILE = 'workflow.schema.json';
/** What ours begins with: a schema of somebody else under this name is left alone. */
const OUR_SCHEMA = '"title": "workflow-engine definition"';

export type Template = { readonly name: string; readonly file: string };

/** @param bundledDir the package's definitions/ */
export const listTemplates = (bundledDir: string): readonly Template[] =>
  fs
    .readdirSync(`${bundledDir}/templates`)
    .filter((name) => name.endsWith('.jsonc'))
    .sort()
    .map((name) => ({ name: name.slice(0, -'.jsonc'.length), file: `${bundledDir}/templates/${name}` }));

/** @throws {WfError} template-unknown (3) */
export function findTemplate(bundledDir: string, name: string): Template {
  const templates = listTemplates(bundledDir);
  const found = templates.find((template) => template.name === name);
  if (found !== undefined) return found;
  const known = byNearness(
    name,
    templates.map((template) => template.name),
  );
  throw notFoundError('template-unknown', `there is no template ${JSON.stringify(name)}`, {
    hint: `There are, nearest first: ${known.join(', ')}. What each does: wf init`,
    details: { known },
  });
}

/**
 * The template's text under another id, checked as a run would check it.
 * @throws {WfError} definition-invalid (2): the template asks for more than this version carries out
 */
export async function templateText(template: Template, id: string): Promise<string> {
  const { body } = await readDefinitionFile(template.file);
  const tree = parseTree(body);
  const own = tree && findNodeAtLocation(tree, ['id']);
  const text = own === undefined || own.value === id ? body : replaceValue(body, own, id);
  await checkDefinitionText(text, template.file, id);
  return text;
}

/** @throws {WfError} workflow-exists (4): also where only upper and lower case differ, for both could not be run */
export function assertFree(home: string, bundledDir: string, id: string): void {
  const taken = listDefinitions({ home, bundledDir }).find(
    (entry) =>
      entry.id.toLowerCase() === id.toLowerCase() &&
      // The home's own file of a bundled workflow takes its place, which is what is wanted here.
      !(entry.source === 'bundled' && entry.id === id),
  );
  if (taken !== undefined) throw exists(taken.id, taken.file);
}

/**
 * On disk when it returns; mode 0600.
 * @returns the new file
 * @throws {WfError} workflow-exists (4), write-failed (74)
 */
export function placeDefinition(home: string, id: string, text: string): string {
  const file = `${homePaths(home).definitions}/${id}.jsonc`;
  // Somebody may have been faster since assertFree looked.
  if (!createSynced(file, text)) throw exists(id, file);
  return file;
}

/**
 * The schema that `"$schema": "./workflow.schema.json"` of a definition means, so that an editor helps. One of an
 * earlier version is replaced.
 * @returns its file
 */
export function placeSchema(home: string, bundledDir: string, sha256: (text: string) => string): string {
  const file = `${homePaths(home).definitions}/${SCHEMA_FILE}`;
  const text = fs.readFileSync(`${bundledDir}/${SCHEMA_FILE}`, 'utf8');
  const there = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
  if (there === text || (there !== null && !there.slice(0, 200).includes(OUR_SCHEMA))) return file;
  replaceSynced(file, temporaryOf(file, sha256(text)), text, { exclusive: false });
  return file;
}

const exists = (id: string, file: string): Error =>
  conflictError('workflow-exists', `there is a workflow ${id} already; nothing was written`, {
    where: file,
    hint: 'Give the new one another id: wf init TEMPLATE --id NAME',
  });
