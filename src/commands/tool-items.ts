/** Tools that definitions allow, and whether this host has them ready: the same question configure_tools asks. */
import { commandOf, readTool } from '../engine/configure-tools.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { WfError } from '../errors.ts';
import { toolStream } from '../events/streams.ts';
import { type DefinitionPlaces, listDefinitions, loadDefinition } from '../home/definitions.ts';
import { coldSha256 } from '../log/hash.ts';
import { noTool } from '../projections/tool-state.ts';
import type { Definition, Tool } from '../workflow/definition.ts';
import { expand } from '../workflow/template.ts';

export type ToolItem = {
  readonly tool: string;
  readonly workflowId: string;
  readonly required: boolean;
  /** Program and arguments; null when the allowlist names a tool without a command. */
  readonly command: readonly string[] | null;
  readonly ready: boolean;
  /** When this very command succeeded last. */
  readonly since: string | null;
  readonly lastError: string | null;
};

/** @throws {WfError} as loading the one definition that is named; broken ones are left out when all are listed */
export async function toolItems(
  places: DefinitionPlaces,
  home: OpenHome | null,
  workflowId: string | undefined,
): Promise<readonly ToolItem[]> {
  const ids =
    workflowId === undefined ? [...new Set(listDefinitions(places).map(({ id }) => id))] : [workflowId];
  const items: ToolItem[] = [];
  for (const id of ids) {
    const definition = await load(places, id, workflowId === undefined);
    for (const tool of definition?.tools ?? []) items.push(await itemOf(places, home, id, tool));
  }
  return items;
}

async function load(places: DefinitionPlaces, id: string, lenient: boolean): Promise<Definition | null> {
  try {
    return (await loadDefinition({ ...places, id, sha256: coldSha256, isRegistered: () => false }))
      .definition;
  } catch (error) {
    if (lenient && error instanceof WfError) return null;
    throw error;
  }
}

async function itemOf(
  places: DefinitionPlaces,
  home: OpenHome | null,
  workflowId: string,
  tool: Tool,
): Promise<ToolItem> {
  const found = home === null ? null : commandOf(home.ports, tool);
  const state =
    home === null
      ? noTool
      : await readTool(home.ports, toolStream(home.ports.ownership.self.host, tool.name));
  const known = state.hashes.find(({ hash }) => hash === found?.hash);
  return {
    tool: tool.name,
    workflowId,
    required: tool.required,
    command: found?.command ?? plainCommand(places.home, tool),
    ready: known !== undefined,
    since: known?.at ?? null,
    lastError: state.lastError,
  };
}

/** Where there is no home yet there is no world to ask; the words are the same. */
const plainCommand = (home: string, { command, args }: Tool): readonly string[] | null =>
  command === undefined ? null : [command, ...args].map((part) => expand(part, new Map([['home', home]])));
