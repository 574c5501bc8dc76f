/**
 * Proves as much of the log good as it can, quickly: range by range, side by side where the log is long. Ranges are
 * joined by comparing where the one ended with where the next was begun.
 */
import { GENESIS_HASH } from '../events/codec.ts';
import type { Sha256Hex } from './event-store.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { logRanges, RANGE_BYTES } from './log-ranges.ts';
import { type LogRange, type OnEvent, type RangeProof, RangeProver } from './range-proof.ts';
import type { ChainPoint } from './verified-scan.ts';
import { startVerifyThread } from './verify-threads.ts';

const THREADS = 2;
/** From here on threads are worth their start. */
const THREADS_FROM_BYTES = 8 * RANGE_BYTES;
/** Asked of each thread at once, so that none waits for its next range. */
const AHEAD = 2;

type Prove = (range: LogRange) => RangeProof | Promise<RangeProof>;

export type RangeOptions = {
  readonly sha256: Sha256Hex;
  /** For tests; the defaults are right for every log. */
  readonly rangeBytes?: number;
  readonly threads?: number;
  /** Told of every event in order, which no thread can be; the last lines may be told twice. */
  readonly onEvent?: OnEvent;
};

/** Proofs of adjoining ranges from the first byte on; the first one that does not reach its range's end is the last. */
export async function* provedRanges(
  fs: FileSystem,
  fd: number,
  size: number,
  options: RangeOptions,
): AsyncGenerator<RangeProof> {
  const ranges = logRanges(fs, fd, size, options.rangeBytes);
  // A thread can only have the real one.
  const isLong = size >= THREADS_FROM_BYTES && fs === nodeFs;
  const count = options.onEvent === undefined ? (options.threads ?? (isLong ? THREADS : 0)) : 0;
  if (count === 0) {
    const prover = new RangeProver(options.sha256, options.onEvent);
    yield* inOrder(ranges, 1, (range) => prover.prove(fs, fd, range));
    return;
  }
  const threads = Array.from({ length: count }, () => startVerifyThread(fd));
  let next = 0;
  try {
    yield* inOrder(ranges, count * AHEAD, (range) => {
      const thread = threads[next++ % count] as (typeof threads)[number];
      return thread.prove(range);
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

async function* inOrder(ranges: Iterator<LogRange>, ahead: number, prove: Prove): AsyncGenerator<RangeProof> {
  const underWay: { readonly range: LogRange; readonly proof: RangeProof | Promise<RangeProof> }[] = [];
  let last: ChainPoint = { seq: 0, hash: GENESIS_HASH };
  for (;;) {
    while (underWay.length < ahead) {
      const { value: range, done } = ranges.next();
      if (done === true) break;
      const proof = prove(range);
      // Nobody waits for it any more when an earlier one was the last.
      if (proof instanceof Promise) proof.catch(() => undefined);
      underWay.push({ range, proof });
    }
    const next = underWay.shift();
    if (next === undefined || next.range.start.seq !== last.seq || next.range.start.hash !== last.hash)
      return;
    const proof = await next.proof;
    yield proof;
    if (proof.end !== next.range.to) return;
    last = proof.last;
  }
}
