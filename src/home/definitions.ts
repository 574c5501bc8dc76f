/**
 * Definitions on disk: which there are, and one of them ready to run. The home's shadow the package's. A file whose
 * hash the log knows was checked before, so that a run of it loads no validator.
 */
import { ioError, notFoundError, usageError, WfError } from '../errors.ts';
import type { Sha256Hex } from '../log/event-store.ts';
import type { Definition } from '../workflow/definition.ts';
import type { Finding } from '../workflow/finding.ts';
import { normaliseDefinition } from '../workflow/normalise.ts';
import { isMissing } from './file-errors.ts';
import { homePaths } from './paths.ts';

const fs = process.getBuiltinModule('node:fs');

/** The pattern of events/shared.ts, which loads zod; a test holds the two together. */
export const WORKFLOW_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
export const MAX_DEFINITION_BYTES = 1024 * 1024;

const SCHEMA_FILE = 'workflow.schema.json';
const KNOWN_SHOWN = 10;

export type DefinitionPlaces = {
  readonly home: string;
  /** The package's own definitions. */
  readonly bundledDir: string;
};
export type DefinitionEntry = {
  readonly id: string;
  readonly file: string;
  readonly source: 'home' | 'bundled';
};

export type LoadedDefinition = DefinitionEntry & {
  /** The file's text; `hash` is of its bytes. */
  readonly body: string;
  readonly hash: string;
  readonly definition: Definition;
  /** The file's content as parsed: says what stands in the file and what is a default. */
  readonly raw: unknown;
  /** Empty for a file that was checked before. */
  readonly warnings: readonly Finding[];
};

/** By id. The same id twice in one folder, or in another case, is listed twice: running it is what is refused. */
export function listDefinitions({ home, bundledDir }: DefinitionPlaces): readonly DefinitionEntry[] {
  const own = entriesIn(homePaths(home).definitions, 'home');
  const ownIds = new Set(own.map(({ id }) => id));
  const bundled = entriesIn(bundledDir, 'bundled').filter(({ id }) => !ownIds.has(id));
  return [...own, ...bundled].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function entriesIn(dir: string, source: DefinitionEntry['source']): readonly DefinitionEntry[] {
  const entries: DefinitionEntry[] = [];
  for (const entry of readFolder(dir)) {
    if (entry.isDirectory() || entry.name === SCHEMA_FILE) continue;
    const id = /^(.+)\.jsonc?$/.exec(entry.name)?.[1];
    // A name that begins with a dot is no id either: backups and temporary files drop out here.
    if (id !== undefined && WORKFLOW_ID_PATTERN.test(id)) {
      entries.push({ id, file: `${dir}/${entry.name}`, source });
    }
  }
  return entries;
}

function readFolder(dir: string): readonly import('node:fs').Dirent[] {
  try {
    return fs.readdirSync(dir, { withFileTypes: true });
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw ioError('definitions-unreadable', 'The folder with the definitions cannot be read.', {
      where: dir,
      hint: 'Make it readable for you.',
      cause,
    });
  }
}

/**
 * The one file of a workflow.
 * @throws {WfError} workflow-id-invalid (2), workflow-ambiguous (2), workflow-unknown (3)
 */
export async function findDefinition(places: DefinitionPlaces, id: string): Promise<DefinitionEntry> {
  if (!WORKFLOW_ID_PATTERN.test(id)) {
    throw usageError('workflow-id-invalid', `${JSON.stringify(id)} is not a workflow id.`, {
      hint: 'An id has letters, digits, ".", "_" and "-", at most 128, beginning with a letter or digit. See `wf definitions list`.',
    });
  }
  const entries = listDefinitions(places);
  const exact = entries.find((entry) => entry.id === id);
  if (exact === undefined) {
    throw await unknownWorkflow(
      id,
      entries.map((entry) => entry.id),
    );
  }
  const alike = entries.filter((entry) => entry.id.toLowerCase() === id.toLowerCase());
  if (alike.length > 1) {
    const files = alike.map(({ file }) => file).join(' and ');
    throw usageError('workflow-ambiguous', `More than one file defines the workflow "${id}": ${files}.`, {
      where: exact.file,
      hint: 'Ids are unique without regard to case. Rename or remove one of the files.',
    });
  }
  return exact;
}

async function unknownWorkflow(id: string, ids: readonly string[]): Promise<WfError> {
  const { byNearness } = await import('../workflow/did-you-mean.ts');
  const known = byNearness(id, [...new Set(ids)]);
  const more = known.length - KNOWN_SHOWN;
  const shown = `${known.slice(0, KNOWN_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return notFoundError(
    'workflow-unknown',
    known.length === 0
      ? `There is no workflow "${id}", and no other one either.`
      : `There is no workflow "${id}". Known, nearest first: ${shown}.`,
    { hint: 'See `wf definitions list`.', details: { known } },
  );
}

/**
 * @param isRegistered whether the log holds a definition with this hash: it was checked before it got there
 * @throws {WfError} as {@link findDefinition}; definition-unreadable (74), definition-too-large, definition-encoding,
 * definition-syntax, definition-invalid, definition-id-mismatch (2)
 */
export async function loadDefinition(
  options: DefinitionPlaces & {
    readonly id: string;
    readonly sha256: Sha256Hex;
    readonly isRegistered: (hash: string) => boolean;
  },
): Promise<LoadedDefinition> {
  const entry = await findDefinition(options, options.id);
  const { body, bytes } = await readDefinitionFile(entry.file);
  const hash = options.sha256(bytes);
  const isChecked = options.isRegistered(hash);
  const raw = await contentOf(body, entry.file);
  const warnings = isChecked ? [] : await check(raw, body, entry.file, entry.id);
  const definition = normaliseDefinition(raw);
  // The hash of a copy is known as well; under its new name it would run as the other workflow.
  if (definition.id !== entry.id) {
    throw usageError(
      'definition-id-mismatch',
      `The file of "${entry.id}" says its id is "${definition.id}".`,
      {
        where: entry.file,
        hint: 'Rename the file, or change the id in it.',
      },
    );
  }
  return { ...entry, body, hash, definition, raw, warnings };
}

async function check(raw: unknown, body: string, file: string, id?: string): Promise<readonly Finding[]> {
  const { checkWhole } = await import('./check-definition.ts');
  const findings = await checkWhole(raw, id === undefined ? {} : { expectedId: id });
  if (findings.every(({ severity }) => severity !== 'error')) return findings;
  const { definitionError } = await import('./definition-file.ts');
  throw await definitionError(findings, body, file);
}

/**
 * Checks the text a definition file has or is about to have.
 * @param id the one it must have; absent = any, for a file that no run would look for
 * @returns warnings
 * @throws {WfError} definition-syntax, definition-invalid (2)
 */
export const checkDefinitionText = async (
  body: string,
  file: string,
  id?: string,
): Promise<readonly Finding[]> => check(await contentOf(body, file), body, file, id);

/** A body from the log, as a run is pinned to it: it was checked before it was registered. */
export const definitionFromBody = async (body: string, where = 'the log'): Promise<Definition> =>
  normaliseDefinition(await contentOf(body, where));

/** Plain JSON needs no parser of ours; comments and errors do. */
export async function contentOf(body: string, where: string): Promise<unknown> {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    const { parseDefinitionText } = await import('./definition-file.ts');
    return (await parseDefinitionText(body, where)).raw;
  }
}

/** Text and bytes of a definition file; the text keeps a BOM, so that it has the bytes' hash. */
export async function readDefinitionFile(
  file: string,
): Promise<{ readonly body: string; readonly bytes: Uint8Array }> {
  const bytes = readBytes(file);
  const body = bytes.toString('utf8');
  // U+FFFD is either what the author wrote or what decoding put in the place of a broken byte.
  if (body.includes('\uFFFD') && !Buffer.from(body).equals(bytes)) {
    const { decodeDefinition } = await import('./definition-file.ts');
    decodeDefinition(bytes, file);
  }
  return { body, bytes };
}

function readBytes(file: string): Buffer {
  const unreadable = (why: string, cause?: unknown): WfError =>
    ioError('definition-unreadable', `The definition cannot be read: ${why}.`, {
      where: file,
      hint: 'A definition is a regular file that you may read.',
      ...(cause === undefined ? {} : { cause }),
    });
  let size: number;
  try {
    const stat = fs.statSync(file);
    // Reading a pipe would wait for ever.
    if (!stat.isFile()) throw unreadable('it is not a regular file');
    size = stat.size;
    if (size <= MAX_DEFINITION_BYTES) return fs.readFileSync(file);
  } catch (cause) {
    if (cause instanceof WfError) throw cause;
    throw unreadable(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw usageError('definition-too-large', `The definition has ${size} bytes.`, {
    where: file,
    hint: `At most ${MAX_DEFINITION_BYTES} bytes are read. Long texts belong into files that a step reads.`,
  });
}
