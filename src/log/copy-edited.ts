/**
 * A copy of a part of a file with some of its bytes replaced on the way, so that what is to go is never written
 * again. Lets others run between large pieces; the caller syncs.
 */
import type { FileSystem } from './file-system.ts';
import { CHUNK_BYTES, readFully } from './line-reader.ts';
import { writeFully } from './recover.ts';

/** Bytes that take the place of as many others. */
export type Edit = { readonly at: number; readonly bytes: Buffer };

/** Between two looks at other things (Ctrl-C, timers). */
const YIELD_CHUNKS = 16;

export type CopyRequest = {
  readonly from: number;
  readonly to: number;
  /** Positions of the file that is read, in their order; none crosses `from` or `to`. */
  readonly edits: readonly Edit[];
};

/** Appends `[from, to)` of one open file to another. */
export function* copyPieces(
  fs: FileSystem,
  source: number,
  target: number,
  { from, to, edits }: CopyRequest,
): Generator<number> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, to - from)));
  let next = edits.findIndex((edit) => edit.at >= from);
  if (next === -1) next = edits.length;
  for (let at = from; at < to; ) {
    const n = readFully(fs, source, buffer, 0, Math.min(buffer.length, to - at), at);
    if (n === 0) return;
    const piece = buffer.subarray(0, n);
    // The first edit that ends after this piece is looked at again with the next one.
    while (next < edits.length && apply(piece, at, edits[next] as Edit)) next++;
    writeFully(fs, target, piece);
    at += n;
    yield at;
  }
}

/** Answers whether all of the edit lies before the end of the piece. */
const apply = (piece: Buffer, at: number, edit: Edit): boolean => {
  const start = edit.at - at;
  if (start < piece.length) edit.bytes.copy(piece, Math.max(0, start), Math.max(0, -start));
  return start + edit.bytes.length <= piece.length;
};

export const copyEdited = async (
  fs: FileSystem,
  source: number,
  target: number,
  request: CopyRequest,
): Promise<void> => {
  let pieces = 0;
  for (const _at of copyPieces(fs, source, target, request)) {
    pieces += 1;
    if (pieces % YIELD_CHUNKS === 0) await new Promise((resolve) => setImmediate(resolve));
  }
};

/** The same in one go, for what has to happen while nobody may write. */
export const copyEditedNow = (fs: FileSystem, source: number, target: number, request: CopyRequest): void => {
  for (const _at of copyPieces(fs, source, target, request));
};
