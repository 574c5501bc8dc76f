/** `wf definitions list`: the workflows there are, whose they are, and whether they could run. Works without a home. */
import { ExitCode } from '../errors.ts';
import { parseDefinitionText } from '../home/definition-file.ts';
import {
  type DefinitionEntry,
  type DefinitionPlaces,
  listDefinitions,
  readDefinitionFile,
} from '../home/definitions.ts';
import type { Definition } from '../workflow/definition.ts';
import { normaliseDefinition } from '../workflow/normalise.ts';
import { checkFile } from './check-definition.ts';
import { placesOf } from './definition-places.ts';
import { programName } from './program-name.ts';
import { listView, printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { oneLine, table } from './render/text.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const places = placesOf(invocation);
  const items = await Promise.all(listDefinitions(places).map((entry) => itemOf(entry, places)));
  if (invocation.json) printJson(invocation, listView('definitions', items));
  else if (items.length === 0) invocation.io.out('There are no definitions.\n');
  else
    invocation.io.out(
      `${rows(items, invocation)}\nOne of them: ${programName(invocation)} definitions show ID\n`,
    );
  return ExitCode.ok;
}

async function itemOf(entry: DefinitionEntry, places: DefinitionPlaces) {
  const { ok, findings } = await checkFile(entry);
  const definition = ok ? await load(entry) : null;
  return {
    id: entry.id,
    source: entry.source,
    file: entry.file,
    /** The home's file stands before one of the package with the same id. */
    overrides: entry.source === 'home' && isBundled(entry.id, places),
    ok,
    problems: findings.filter(({ severity }) => severity === 'error').length,
    description: definition?.description ?? null,
    routes: definition?.classify.routes.map(({ name }) => name) ?? [],
    steps: definition?.steps.map(({ id }) => id) ?? [],
  };
}

async function load(entry: DefinitionEntry): Promise<Definition> {
  const { body } = await readDefinitionFile(entry.file);
  return normaliseDefinition((await parseDefinitionText(body, entry.file)).raw);
}

const isBundled = (id: string, { bundledDir }: DefinitionPlaces): boolean =>
  listDefinitions({ home: '/dev/null', bundledDir }).some((entry) => entry.id === id);

type Item = Awaited<ReturnType<typeof itemOf>>;

function rows(items: readonly Item[], invocation: Invocation): string {
  return table(
    items.map((item) => [
      item.ok ? '✓' : '✗',
      item.id,
      item.overrides ? 'home, instead of the bundled one' : item.source,
      item.ok
        ? oneLine(item.description ?? '', 80)
        : `${item.problems} error${item.problems === 1 ? '' : 's'}: ${programName(invocation)} definitions validate ${tilde(item.file, invocation.env)}`,
    ]),
  );
}
