/**
 * Reads the head of a line (everything before its data) as our encoder writes it, with one pattern. It is stricter
 * than the decoder: a head that it does not know may well be valid, one that it reads is.
 */

/** What the chain and the batches need of a head. */
export type Head = {
  readonly commit: string;
  /** `[i, n]` of its batch; both 1 without one. */
  readonly i: number;
  readonly n: number;
  /** 0 when the line has none. */
  readonly synced: number;
  /** Where `,"data":` begins: the bytes of the chain end here. */
  readonly end: number;
};

const ULID = '[0-7][0-9A-HJKMNP-TV-Z]{25}';
/** A JSON string that needs no escape. */
const TEXT = '"[^"\\\\\\0-\\x1f]+"';
/** Safe integers, and only those. */
const POSITION = '[1-9]\\d{0,14}';
/** Only names that cannot be taken for a field of the line. */
const META_FIELD = `"(?:actor|cause|epoch|occurredAt|trace)":(?:${TEXT}|${POSITION})`;
const BEFORE_DATA = ',"data":{';

/** From the value of `id` through the brace that begins the data. */
const HEAD = new RegExp(
  `${ULID}","ts":"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z","stream":${TEXT}` +
    `,"streamVersion":${POSITION},"type":${TEXT},"schemaVersion":${POSITION},"commit":"(${ULID})"` +
    `(?:,"batch":\\[(${POSITION}),(${POSITION})\\])?(?:,"synced":(${POSITION}))?` +
    `(?:,"meta":\\{${META_FIELD}(?:,${META_FIELD})*\\})?,"dataHash":"[0-9a-f]{64}"${BEFORE_DATA}`,
  'y',
);

/**
 * @param text characters that stand for bytes, one each
 * @param at start of a line
 * @param seq the one it has to have
 */
export const readHead = (text: string, at: number, seq: number): Head | undefined => {
  const start = `{"seq":${seq},"id":"`;
  if (!text.startsWith(start, at)) return undefined;
  HEAD.lastIndex = at + start.length;
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const end = HEAD.lastIndex - BEFORE_DATA.length;
  const synced = match[4] === undefined ? 0 : Number(match[4]);
  if (synced >= seq) return undefined;
  const commit = match[1] as string;
  if (match[2] === undefined) return { commit, i: 1, n: 1, synced, end };
  const i = Number(match[2]);
  const n = Number(match[3]);
  return n === 1 || i > n ? undefined : { commit, i, n, synced, end };
};

/** A slice keeps the whole text alive that it was cut from. */
export const copyOf = (slice: string): string => Buffer.from(slice, 'latin1').toString('latin1');
