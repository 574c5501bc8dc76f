/**
 * Cuts a log into ranges that can be checked side by side: each begins with a commit, and with the hash that the line
 * before it carries. Nothing here is checked; a cut at a wrong place only makes a range that cannot be proved.
 */
import { decodeLine, GENESIS_HASH, isInvalid } from '../events/codec.ts';
import type { FileSystem } from './file-system.ts';
import { eachLine } from './line-reader.ts';
import type { LogRange } from './range-proof.ts';
import type { ChainPoint } from './verified-scan.ts';

export const RANGE_BYTES = 8 * 1024 * 1024;
/** Where a commit begins is looked for this far; mostly the first is enough. */
const LOOK_BYTES = [64 * 1024, 1024 * 1024];

type Cut = { readonly at: number; readonly start: ChainPoint };

/** Adjoining ranges over all of `[0, size)`; the last may end in half a line. */
export function* logRanges(
  fs: FileSystem,
  fd: number,
  size: number,
  rangeBytes = RANGE_BYTES,
): Generator<LogRange> {
  let cut: Cut = { at: 0, start: { seq: 0, hash: GENESIS_HASH } };
  for (let about = rangeBytes; cut.at < size; ) {
    const next = about < size ? cutAfter(fs, fd, about, size) : { at: size, start: cut.start };
    if (next === undefined) {
      // A commit longer than the look: the range goes on.
      about += rangeBytes;
      continue;
    }
    yield { from: cut.at, to: next.at, start: cut.start };
    cut = next;
    about = cut.at + rangeBytes;
  }
}

const cutAfter = (fs: FileSystem, fd: number, about: number, size: number): Cut | undefined => {
  for (const look of LOOK_BYTES) {
    let hash: string | undefined;
    for (const line of eachLine(fs, fd, about, Math.min(size, about + look))) {
      if (!line.terminated) break;
      const event = hash === undefined ? undefined : decodeLine(line.bytes.toString('utf8'));
      if (event !== undefined && !isInvalid(event) && (event.batch?.[0] ?? 1) === 1 && hash !== undefined)
        return { at: line.offset, start: { seq: event.seq - 1, hash } };
      hash = /"hash":"([0-9a-f]{64})"\}$/.exec(line.bytes.toString('latin1'))?.[1];
    }
  }
  return undefined;
};
