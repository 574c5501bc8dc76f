/**
 * One event <-> one line of the log, and the chain of hashes that ties the lines together. The format is frozen
 * (docs/decisions/001): what this file writes today must be read for ever. SHA-256 is handed in, so that a short
 * command need not load a crypto library.
 */
import { bug, ExitCode, usageError, WfError } from '../errors.ts';
import { MAX_LINE_BYTES, type Meta, type StoredEvent } from './envelope.ts';
import { schemaVersionOf } from './types.ts';

/** The hash "before" the first line. */
export const GENESIS_HASH = '0'.repeat(64);

/** Everything of an event that the log itself does not compute. */
export type LineFields = Omit<StoredEvent, 'dataHash' | 'hash'>;

export type EncodedLine = { readonly line: string; readonly hash: string; readonly dataHash: string };
/** The line would be this many bytes, above {@link MAX_LINE_BYTES}. */
export type LineTooLong = { readonly tooLong: number };
export type InvalidLine = { readonly invalid: string };
export type VerifiedLine =
  | { readonly ok: true; readonly hash: string; readonly erased: boolean }
  | { readonly ok: false; readonly reason: string };

type Sha256Hex = (input: string | Uint8Array) => string;

const DATA_HASH = ',"dataHash":"';
const DATA = ',"data":';
const HASH = ',"hash":"';
const HEX = 64;
/** Length of `,"hash":"<64 hex>"}`, with which every line ends. */
export const LINE_SUFFIX_LENGTH = HASH.length + HEX + 2;
const ERASED = '{"erased":true}';
const META_KEYS = ['actor', 'cause', 'epoch', 'occurredAt', 'trace'] as const;

/**
 * Writes one event as a line, without its newline.
 * @throws {WfError} invalid-unicode (2) for a lone surrogate: UTF-8 cannot hold it
 */
export const encodeLine = (
  sha256: Sha256Hex,
  prevHash: string,
  fields: LineFields,
): EncodedLine | LineTooLong => {
  const data = encodeData(fields.data, fields.type);
  const dataHash = sha256(data);
  const head = `${encodeHead(fields)}${DATA_HASH}${dataHash}"`;
  if (hasLoneSurrogate(head)) throw loneSurrogate(fields.type);
  const hash = sha256(prevHash + head);
  const line = `${head}${DATA}${data}${HASH}${hash}"}`;
  // One UTF-16 unit is at most three bytes, so most lines need no count.
  const bytes = line.length * 3 > MAX_LINE_BYTES ? utf8Length(line) : line.length;
  return bytes > MAX_LINE_BYTES ? { tooLong: bytes } : { line, hash, dataHash };
};

/** The exact text of an event's data on its line; `dataHash` is the hash of these bytes. */
export const encodeData = (data: object, type: string): string => {
  const json: unknown = JSON.stringify(data);
  if (typeof json !== 'string' || !json.startsWith('{'))
    throw bug(`the data of ${type} is not a JSON object`);
  if (json === ERASED) throw bug(`the data of ${type} would read as erased`);
  if (hasLoneSurrogate(json)) throw loneSurrogate(type);
  return json;
};

/** `meta` with its keys in the order of the line; undefined when it says nothing. */
export const encodeMeta = (meta: Meta | undefined): string | undefined => {
  if (meta === undefined) return undefined;
  const ordered: Record<string, string | number> = {};
  for (const key of META_KEYS) {
    const value = meta[key];
    if (value !== undefined) ordered[key] = value;
  }
  const json = JSON.stringify(ordered);
  return json === '{}' ? undefined : json;
};

const encodeHead = (f: LineFields): string => {
  const meta = encodeMeta(f.meta);
  return (
    `{"seq":${f.seq},"id":"${f.id}","ts":"${f.ts}","stream":${JSON.stringify(f.stream)}` +
    `,"streamVersion":${f.streamVersion},"type":${JSON.stringify(f.type)},"schemaVersion":${f.schemaVersion}` +
    `,"commit":"${f.commit}"` +
    (f.batch === undefined ? '' : `,"batch":[${f.batch[0]},${f.batch[1]}]`) +
    (f.synced === undefined ? '' : `,"synced":${f.synced}`) +
    (meta === undefined ? '' : `,"meta":${meta}`)
  );
};

/** JSON.stringify writes `\udXXX` for a lone surrogate and for nothing else. */
const hasLoneSurrogate = (json: string): boolean => {
  for (let at = json.indexOf('\\ud'); at !== -1; at = json.indexOf('\\ud', at + 3)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return true;
  }
  return false;
};

const loneSurrogate = (type: string): WfError =>
  usageError('invalid-unicode', 'the text holds half of a surrogate pair, which UTF-8 cannot store', {
    where: type,
    hint: 'Remove the broken character (often a cut emoji) from the input.',
  });

const utf8Length = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/** Reads one line (without newline): shapes are checked, hashes are not. A newer version's event decodes too. */
export const decodeLine = (line: string): StoredEvent | InvalidLine => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { invalid: 'it is not JSON' };
  }
  const wrong = wrongField(value);
  return wrong === undefined ? (value as StoredEvent) : { invalid: wrong };
};

export const isInvalid = (decoded: StoredEvent | InvalidLine): decoded is InvalidLine => 'invalid' in decoded;

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const ISO_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HEX64 = /^[0-9a-f]{64}$/;
const isUlid = (value: unknown): boolean => typeof value === 'string' && ULID.test(value);
const isPositive = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isHash = (value: unknown): boolean => typeof value === 'string' && HEX64.test(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Unknown further keys are let through: what a newer version adds is not damage. */
const wrongField = (e: unknown): string | undefined => {
  if (!isObject(e)) return 'it is not an object';
  if (!isPositive(e.seq)) return 'seq is not a position';
  if (!isUlid(e.id)) return 'id is not a ulid';
  if (typeof e.ts !== 'string' || !ISO_MS.test(e.ts)) return 'ts is not a time';
  if (!isName(e.stream)) return 'stream is not a name';
  if (!isPositive(e.streamVersion)) return 'streamVersion is not a version';
  if (!isName(e.type)) return 'type is not a name';
  if (!isPositive(e.schemaVersion)) return 'schemaVersion is not a version';
  if (!isUlid(e.commit)) return 'commit is not a ulid';
  if ('batch' in e && !isBatch(e.batch)) return 'batch is not [i,n]';
  if ('synced' in e && !(isPositive(e.synced) && (e.synced as number) < (e.seq as number))) {
    return 'synced is not an earlier position';
  }
  if ('meta' in e && !isObject(e.meta)) return 'meta is not an object';
  if (!isHash(e.dataHash)) return 'dataHash is not a hash';
  if (!isObject(e.data)) return 'data is not an object';
  return isHash(e.hash) ? undefined : 'hash is not a hash';
};

const isBatch = (value: unknown): boolean => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [i, n] = value as unknown[];
  return isPositive(i) && isPositive(n) && (n as number) > 1 && (i as number) <= (n as number);
};

/** What stands in the place of `length` bytes of data; null when so few cannot hold it, nor anybody's words. */
export const erasedData = (length: number): string | null =>
  length < ERASED.length ? null : ERASED.padEnd(length, ' ');

/** Where data stands on a line, in its own units: decode the line as latin1, and they are bytes. */
export const dataSpan = (line: string): { readonly from: number; readonly to: number } | null => {
  const parts = partsOf(line);
  if (typeof parts === 'string') return null;
  const to = line.length - LINE_SUFFIX_LENGTH;
  return { from: to - parts.data.length, to };
};

/** Whether data was replaced after the fact; only padding may follow. */
export const isErasedText = (data: string): boolean => data.startsWith(ERASED) && data.trimEnd() === ERASED;

type LineParts = {
  readonly head: string;
  readonly dataHash: string;
  readonly data: string;
  readonly hash: string;
};

/** Cuts a line at its fixed marks, so that hashes are of the bytes as they stand. */
const partsOf = (line: string): LineParts | string => {
  // Inside a JSON string every quote is escaped, so the first match is the field itself.
  const at = line.indexOf(DATA_HASH);
  const headEnd = at + DATA_HASH.length + HEX + 1;
  const dataEnd = line.length - LINE_SUFFIX_LENGTH;
  if (at === -1 || !line.startsWith(DATA, headEnd)) return 'it has no dataHash before data';
  if (!line.startsWith(HASH, dataEnd) || !line.endsWith('"}')) return 'it does not end in hash';
  return {
    head: line.slice(0, headEnd),
    dataHash: line.slice(at + DATA_HASH.length, headEnd - 1),
    data: line.slice(headEnd + DATA.length, dataEnd),
    hash: line.slice(dataEnd + HASH.length, -2),
  };
};

/** Checks both hashes of a line; it need not have been decoded. Erased data cannot be checked, its chain can. */
export const verifyLine = (sha256: Sha256Hex, prevHash: string, line: string): VerifiedLine => {
  const parts = partsOf(line);
  if (typeof parts === 'string') return { ok: false, reason: parts };
  if (sha256(prevHash + parts.head) !== parts.hash) {
    return { ok: false, reason: 'its hash does not follow from the line before' };
  }
  if (sha256(parts.data) === parts.dataHash) return { ok: true, hash: parts.hash, erased: false };
  return isErasedText(parts.data)
    ? { ok: true, hash: parts.hash, erased: true }
    : { ok: false, reason: 'its data does not match dataHash' };
};

/** Whether a line is whole in itself, when the line before it is not there to check the chain. */
export const isIntact = (sha256: Sha256Hex, line: string): boolean => {
  const parts = partsOf(line);
  return typeof parts !== 'string' && (sha256(parts.data) === parts.dataHash || isErasedText(parts.data));
};

/** @throws {WfError} log-newer-version (2): a newer version wrote this event, and guessing would be wrong */
export const requireKnown = (event: StoredEvent): void => {
  const known = schemaVersionOf(event.type);
  if (known !== undefined && event.schemaVersion <= known) return;
  const what = known === undefined ? 'is unknown to this version' : `is newer than this version's ${known}`;
  throw new WfError(
    'log-newer-version',
    `event ${event.seq} (${event.type}, version ${event.schemaVersion}) ${what}`,
    {
      exitCode: ExitCode.usage,
      where: `events.jsonl, line with seq ${event.seq}`,
      hint: 'A newer workflow-engine wrote this home: install that version. Nothing is damaged.',
      details: { seq: event.seq, type: event.type, schemaVersion: event.schemaVersion },
    },
  );
};
