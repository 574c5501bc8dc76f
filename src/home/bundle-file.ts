/**
 * A bundle as a file: written whole or not at all, for its owner alone; read as what somebody else made, and so
 * believed in nothing before it is checked. Reading writes nothing.
 */
import { notFoundError, usageError, type WfError } from '../errors.ts';
import { type StoredEvent, seq } from '../events/envelope.ts';
import { isRunEventType } from '../events/map-texts.ts';
import { runEventSchemas } from '../events/run-events.ts';
import { schemaVersionOf } from '../events/types.ts';
import { upcast } from '../events/upcast.ts';
import type { Definition } from '../workflow/definition.ts';
import { BUNDLE_NAME, type Bundle, bundleSchema } from '../workflow/replay/bundle-schema.ts';
import { checkDefinitionText, definitionFromBody } from './definitions.ts';
import { replaceSynced, temporaryOf } from './synced-file.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * @param contentHash of the text; names the temporary file
 * @throws {WfError} bundle-exists (2) without `replace`; folder-unknown (3); write-failed (74)
 */
export function writeBundleFile(file: string, text: string, contentHash: string, replace: boolean): void {
  const folder = path.dirname(file);
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw notFoundError('folder-unknown', `there is no folder ${folder}`, { where: file });
  const there = fs.lstatSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) throw inTheWay(file, 'a folder stands in its place');
  if (there !== undefined && !replace) throw inTheWay(file, 'there is such a file already');
  const written = replaceSynced(file, temporaryOf(file, contentHash), text, { exclusive: !replace });
  if (!written) throw inTheWay(file, 'there is such a file already');
}

const inTheWay = (file: string, why: string): WfError =>
  usageError('bundle-exists', `the bundle was not written: ${why}`, {
    where: file,
    hint: 'Name another file, or say --force to replace a file.',
  });

export type ReadBundle = { readonly bundle: Bundle; readonly definition: Definition | null };

/**
 * @throws {WfError} bundle-unknown (3): there is no such file; bundle-newer (2): a later version made it;
 * bundle-invalid, bundle-too-large (2)
 */
export async function readBundleFile(file: string): Promise<ReadBundle> {
  const bundle = parseBundle(readText(file), file);
  if (bundle.definition === null) return { bundle, definition: null };
  const where = `${file}: definition`;
  try {
    await checkDefinitionText(bundle.definition.body, where);
    return { bundle, definition: await definitionFromBody(bundle.definition.body, where) };
  } catch (cause) {
    throw invalid(file, `its definition is none: ${(cause as Error).message}`, cause);
  }
}

function readText(file: string): string {
  let stat: import('node:fs').Stats | undefined;
  try {
    stat = fs.statSync(file, { throwIfNoEntry: false });
    // Reading a pipe would wait for ever.
    if (stat?.isFile() === true && stat.size <= MAX_BUNDLE_BYTES) return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(file, `it cannot be read: ${(cause as Error).message}`, cause);
  }
  if (stat === undefined)
    throw notFoundError('bundle-unknown', `there is no file ${file}`, {
      where: file,
      hint: 'Name a file that wf bundle wrote; a run is named by its id.',
    });
  if (!stat.isFile()) throw invalid(file, 'it is no file');
  throw usageError(
    'bundle-too-large',
    `the bundle has ${stat.size} bytes; the limit is ${MAX_BUNDLE_BYTES}`,
    {
      where: file,
      hint: 'Make it with --without-texts.',
    },
  );
}

function parseBundle(text: string, file: string): Bundle {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `it is not JSON: ${(cause as Error).message}`, cause);
  }
  const name = (raw as { schema?: unknown } | null)?.schema;
  const version = typeof name === 'string' ? /^wf\.bundle\/(\d+)$/.exec(name)?.[1] : undefined;
  if (version === undefined) throw invalid(file, `its "schema" is not ${BUNDLE_NAME}`);
  if (name !== BUNDLE_NAME) throw newer(file, `its form is ${name}`);
  const parsed = bundleSchema.safeParse(raw);
  if (!parsed.success) throw invalid(file, firstIssue(parsed.error.issues));
  const bundle = parsed.data;
  const events = bundle.events.map((event, i) => checkedEvent(bundle.runId, event, i, file));
  return { ...bundle, events };
}

type BundleEvent = Bundle['events'][number];

function checkedEvent(runId: string, event: BundleEvent, i: number, file: string): BundleEvent {
  const { type, schemaVersion } = event;
  const known = schemaVersionOf(type);
  if (known === undefined) throw newer(file, `its event ${i + 1} is a ${type.slice(0, 64)}`);
  if (schemaVersion > known) throw newer(file, `its event ${i + 1} is a ${type} of version ${schemaVersion}`);
  if (!isRunEventType(type)) throw invalid(file, `its event ${i + 1} (${type}) is none of a run`);
  const today = upcast({ ...event, seq: seq(event.seq) } as unknown as StoredEvent);
  const parsed = runEventSchemas[type].safeParse(today.data);
  if (!parsed.success)
    throw invalid(file, `its event ${i + 1} (${type}): ${firstIssue(parsed.error.issues)}`);
  const ofRun = (parsed.data as { runId?: string }).runId;
  if (i === 0 && ofRun !== runId) throw invalid(file, `its first event does not begin run ${runId}`);
  return { ...event, schemaVersion: today.schemaVersion, data: parsed.data as BundleEvent['data'] };
}

const firstIssue = (
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string => `${issues[0]?.path.map(String).join('.') ?? ''}: ${issues[0]?.message ?? 'invalid'}`;

const invalid = (file: string, why: string, cause?: unknown): WfError =>
  usageError('bundle-invalid', `the bundle cannot be used: ${why}`, {
    where: file,
    hint: 'Make it again with wf bundle where the run is.',
    ...(cause === undefined ? {} : { cause }),
  });

const newer = (file: string, why: string): WfError =>
  usageError('bundle-newer', `a later version of workflow-engine made this bundle: ${why}`, {
    where: file,
    hint: 'Replay it with that version or a later one.',
  });
