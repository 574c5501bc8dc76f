/**
 * Erased data is legal only where a later RunErased of the same stream says so; anything else that replaces data
 * looks the same and is damage.
 */
import { decodeLine, isInvalid } from '../events/codec.ts';
import { isErased } from '../events/upcast.ts';
import type { FileSystem } from './file-system.ts';
import { scanChunks } from './line-reader.ts';

export type UnsaidErasure = { readonly line: number; readonly offset: number; readonly reason: string };

const NEWLINE = 0x0a;
/** Inside a string every quote is escaped, so that these are fields; what they find is decoded to be sure. */
const MARKS = [Buffer.from(',"data":{"erased":true}'), Buffer.from(',"type":"RunErased",')];

/**
 * The first line whose data was replaced without a word about it. A pass of its own over lines that are good, for a
 * log that holds erased ones at all; it parses those lines only.
 */
export const unsaidErasure = (fs: FileSystem, fd: number, end: number): UnsaidErasure | undefined => {
  const waiting = new Map<string, { readonly line: number; readonly offset: number }>();
  for (const { bytes, offset } of scanChunks(fs, fd, 0, end)) {
    for (const at of linesWith(bytes)) {
      const stop = bytes.indexOf(NEWLINE, at);
      const event = decodeLine(bytes.toString('utf8', at, stop));
      if (isInvalid(event)) continue;
      const { stream, seq } = event;
      if (event.type === 'RunErased' && !isErased(event.data)) waiting.delete(stream);
      else if (isErased(event.data) && !waiting.has(stream))
        waiting.set(stream, { line: seq, offset: offset + at });
    }
  }
  for (const [stream, place] of waiting) {
    return { ...place, reason: `its data was replaced, and no later RunErased of ${stream} says so` };
  }
  return undefined;
};

/** Where the lines begin that have one of the marks, in their order. */
const linesWith = (bytes: Buffer): readonly number[] => {
  const starts = new Set<number>();
  for (const mark of MARKS)
    for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length))
      starts.add(bytes.lastIndexOf(NEWLINE, at) + 1);
  return [...starts].sort((a, b) => a - b);
};
