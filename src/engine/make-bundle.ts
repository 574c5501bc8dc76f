/**
 * A run as one value that another machine can replay: its events, definition and input, with every long text in its
 * place. Texts are redacted again, by what counts as a secret today, or left out; what belongs to this machine (the
 * home's path, processes, one-time words, hashes by which a short text could be guessed) is replaced in either case.
 */
import { bug, conflictError } from '../errors.ts';
import { isBlobRef, type StoredEvent } from '../events/envelope.ts';
import { isRunEventType, mapTexts, type TextMap } from '../events/map-texts.ts';
import type { Owner } from '../events/shared.ts';
import { runStream, workflowStream } from '../events/streams.ts';
import { foldRun } from '../workflow/evolve.ts';
import { BUNDLE_HOME, BUNDLE_NAME, type Bundle } from '../workflow/replay/bundle-schema.ts';
import { replayBundle } from '../workflow/replay/replay-bundle.ts';
import { utf8Length } from '../workflow/stages/intake.ts';
import type { RunState } from '../workflow/state.ts';
import { asRunEvent } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { readText } from './texts.ts';

type Ports = Pick<EnginePorts, 'home' | 'store' | 'blobs' | 'sha256' | 'redact' | 'definitions'>;

export type BundleOptions = {
  /** Every text as its length. */
  readonly withoutTexts: boolean;
  /** Version of the program, for who reads the file. */
  readonly madeBy: string;
  /** The user's own folder: its name is often a person's. */
  readonly userHome: string | undefined;
};

/** @throws {WfError} run-erased (4), blob-missing (74) */
export async function makeBundle(ports: Ports, runId: string, options: BundleOptions): Promise<Bundle> {
  const events: StoredEvent[] = [];
  for await (const event of ports.store.read(runStream(runId))) events.push(event);
  const state = foldRun(events.map(asRunEvent));
  if (state.erased !== null)
    throw conflictError('run-erased', `the texts of run ${runId} were erased: there is nothing to replay`, {
      hint: `What is left of it: wf show ${runId}`,
    });
  const replace = replacements(ports, state, options);
  const clean: TextMap = options.withoutTexts
    ? (text, key) => (STAYS.has(key) ? text : `[${utf8Length(text)} bytes]`)
    : (text) => replace(ports.redact(text).text);
  const owners = new Map<string, Owner>();
  const cleaned = [];
  for (const event of events) cleaned.push(await cleanEvent(ports, event, clean, owners));
  const body = options.withoutTexts ? null : await definitionBody(ports, state);
  const bundle = {
    schema: BUNDLE_NAME,
    madeBy: options.madeBy,
    texts: options.withoutTexts ? ('lengths' as const) : ('redacted' as const),
    runId,
    workflowId: state.workflowId,
    definition: body === null ? null : { hash: state.definitionHash, body: clean(body, 'body') },
    input: options.withoutTexts ? null : clean(await readText(ports.blobs, state.input), 'input'),
    events: cleaned,
  } satisfies Omit<Bundle, 'expected'>;
  const definition = bundle.definition && (await ports.definitions.parse(bundle.definition.body));
  const { result } = replayBundle(bundle, definition, BUNDLE_HOME, ports.sha256);
  return { ...bundle, expected: result };
}

/** Words of the engine and of the definition's form, which say nothing about the work. */
const STAYS: ReadonlySet<string> = new Set(['code', 'at']);

async function cleanEvent(
  ports: Ports,
  event: StoredEvent,
  clean: TextMap,
  owners: Map<string, Owner>,
): Promise<Bundle['events'][number]> {
  const { seq, ts, type, schemaVersion, meta } = event;
  if (!isRunEventType(type)) throw bug(`a run has an event of type ${type}`);
  const whole = (await inline(ports, event.data)) as Record<string, unknown>;
  const data = mapTexts(type, whole, clean) as Record<string, unknown>;
  if ('salt' in data) data.salt = 'bundled!';
  if ('owner' in data) data.owner = ownerOf(owners, whole.owner as Owner);
  // They are of the raw texts, and would let a guess of a short one be tested.
  if ('inputHash' in data) data.inputHash = ports.sha256(String(data.input));
  if ('contentHash' in data) data.contentHash = ports.sha256(`${data.status}\n${data.text ?? ''}`);
  const { epoch, occurredAt } = meta ?? {};
  const kept = {
    ...(epoch === undefined ? {} : { epoch }),
    ...(occurredAt === undefined ? {} : { occurredAt }),
  };
  return { seq, ts, type, schemaVersion, ...(Object.keys(kept).length === 0 ? {} : { meta: kept }), data };
}

async function inline(ports: Ports, value: unknown): Promise<unknown> {
  if (isBlobRef(value)) return readText(ports.blobs, value);
  if (Array.isArray(value)) return Promise.all(value.map((one) => inline(ports, one)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([name, one]) => [name, await inline(ports, one)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Which process it was is nobody's business; that two were the same one is part of the history. */
function ownerOf(known: Map<string, Owner>, owner: Owner): Owner {
  const name = JSON.stringify(owner);
  const number = known.size + 1;
  const placeholder = known.get(name) ?? { host: 'host', bootId: 'boot', pid: number, pidStart: 'start' };
  known.set(name, placeholder);
  return placeholder;
}

async function definitionBody(ports: Ports, state: RunState): Promise<string | null> {
  for await (const event of ports.store.read(workflowStream(state.workflowId))) {
    const data = event.data as { definitionHash?: string; body?: string };
    if (event.type === 'DefinitionRegistered' && data.definitionHash === state.definitionHash)
      return readText(ports.blobs, data.body ?? '');
  }
  return null;
}

/** What belongs to this machine and this run alone, the same way wherever it stands. */
function replacements(
  { home, sha256 }: Ports,
  state: RunState,
  { userHome }: BundleOptions,
): (text: string) => string {
  const pairs: (readonly [string, string])[] = [[home, BUNDLE_HOME]];
  if (userHome !== undefined && userHome.length > 3) pairs.push([userHome, '/home/user']);
  // A key of our own making is a hash of the raw input.
  if (/^[0-9a-f]{64}$/.test(state.key)) pairs.push([state.key, sha256(`bundle of ${state.runId}`)]);
  state.effects.forEach(({ nonce }, i) => {
    if (nonce !== undefined && nonce !== '') pairs.push([nonce, `nonce${String(i + 1).padStart(7, '0')}`]);
  });
  const all = pairs.flatMap(([from, to]) => {
    const escaped = JSON.stringify(from).slice(1, -1);
    return escaped === from
      ? [[from, to] as const]
      : ([
          [from, to],
          [escaped, to],
        ] as const);
  });
  return (text) => all.reduce((seen, [from, to]) => replacePath(seen, from, to), text);
}

/** Not inside of a longer name: /home/kim is no part of /home/kimberly. */
function replacePath(text: string, from: string, to: string): string {
  if (!text.includes(from)) return text;
  const quoted = from.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replaceAll(new RegExp(`(?<![\\w.-])${quoted}(?![\\w-])`, 'g'), () => to);
}
