/**
 * A line of the log as text with holes. The text comes from the encoder that the engine uses, so a copied line has
 * its format by construction; only ids, times, positions and hashes are filled in.
 */
import { hash } from 'node:crypto';
import { encodeLine, GENESIS_HASH } from '../src/events/codec.ts';
import { type StoredEvent, seq } from '../src/events/envelope.ts';

export const sha256 = (input: string | Uint8Array): string => hash('sha256', input, 'hex');

/** Holes that every line has; the episode's own names come after them. */
export const SEQ = 0;
export const ID = 1;
export const TS = 2;
export const COMMIT = 3;
export const SYNCED = 4;
export const STREAM_VERSION = 5;
const DATA_HASH = 6;
export const FIRST_OWN = 7;

/** Stand where the holes will be; none can occur in what an engine records. */
const MARKS = [
  '8888888888881',
  'HOLE-ID',
  'HOLE-TS',
  'HOLE-COMMIT',
  '8888888888882',
  '8888888888883',
] as const;

/** Text and numbers of holes by turns. */
type Pieces = readonly (string | number)[];

export type LineTemplate = {
  readonly head: Pieces;
  readonly data: Pieces;
  /** Where the data is the same in every copy, its hash is too. */
  readonly dataHash: string | undefined;
};

/**
 * @param own names of the pattern that every copy has its own of, in the order of their holes
 * @param countsVersion whether the stream goes on from copy to copy, so that its version is a hole too
 */
export const lineTemplate = (
  event: StoredEvent,
  own: readonly string[],
  countsVersion: boolean,
): LineTemplate => {
  const encoded = encodeLine(sha256, GENESIS_HASH, {
    ...event,
    seq: seq(Number(MARKS[SEQ])),
    id: MARKS[ID],
    ts: MARKS[TS],
    commit: MARKS[COMMIT],
    ...(event.synced === undefined ? {} : { synced: Number(MARKS[SYNCED]) }),
    streamVersion: countsVersion ? Number(MARKS[STREAM_VERSION]) : event.streamVersion,
  });
  if ('tooLong' in encoded) throw new Error(`a line of ${encoded.tooLong} bytes`);
  const { line, dataHash, hash: lineHash } = encoded;
  const marks = [...MARKS, dataHash, ...own];
  const dataAt = line.indexOf(',"data":', line.indexOf(dataHash));
  const data = line.slice(dataAt, line.length - `,"hash":"${lineHash}"}`.length);
  const pieces = split(data, marks);
  return {
    head: split(line.slice(0, dataAt), marks),
    data: pieces,
    dataHash: pieces.length === 1 ? dataHash : undefined,
  };
};

const split = (text: string, marks: readonly string[]): Pieces => {
  const pieces: (string | number)[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const hole = marks.findIndex((mark) => mark !== '' && text.startsWith(mark, at));
    if (hole === -1) {
      at++;
      continue;
    }
    if (at > from) pieces.push(text.slice(from, at));
    pieces.push(hole);
    at += (marks[hole] as string).length;
    from = at;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
};

const fill = (pieces: Pieces, values: readonly string[]): string => {
  let text = '';
  for (const piece of pieces) text += typeof piece === 'string' ? piece : values[piece];
  return text;
};

const DATA_FIELD = ',"data":'.length;

/** @param values by hole; the hash of the data is put in here. Answers the line with its newline, and its hash. */
export const fillLine = (
  template: LineTemplate,
  values: string[],
  prevHash: string,
): { readonly line: string; readonly hash: string } => {
  const data = fill(template.data, values);
  values[DATA_HASH] = template.dataHash ?? sha256(data.slice(DATA_FIELD));
  const head = fill(template.head, values);
  const lineHash = sha256(prevHash + head);
  return { line: `${head}${data},"hash":"${lineHash}"}\n`, hash: lineHash };
};
