/**
 * Where the newest runs of a log begin, found from its end by the heads of its lines alone. Only a shortcut: a pass
 * that knows it makes no files that it would take away again, and one that does not ends with the same ones.
 */
import { isExpiry } from '../workflow/evolve.ts';
import type { LogEvents } from './log-events.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Of a line: seq, id, time, stream, version and type stand at its beginning, in this order. */
const HEAD_BYTES = 512;
const HEAD = /^\{"seq":(\d+),.*?"stream":"run\/([^"]+)","streamVersion":\d+,"type":"([^"]+)"/;
const NEWLINE = 0x0a;

/**
 * The seq of the last event of the `wanted`-th newest run, by last events up to `upTo`; 0 = there are fewer runs, or
 * it cannot be said.
 */
export function newestRunsFloor(log: LogEvents, upTo: number, wanted: number): number {
  // Every run has an event: nothing needs to be looked for.
  if (wanted > upTo) return 0;
  const seen = new Set<string>();
  for (const head of headsFromEnd(log)) {
    const [, seq, runId, type] = HEAD.exec(head) ?? [];
    if (runId === undefined || Number(seq) > upTo || isExpiry(type ?? '')) continue;
    seen.add(runId);
    if (seen.size === wanted) return Number(seq);
  }
  return 0;
}

function* headsFromEnd(log: LogEvents): Generator<string> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = log.size;
  // Always lines that are whole: one that begins before the chunk waits for the next one.
  while (end > 0) {
    const length = log.readBefore(end, buffer);
    const start = end - length;
    let lineEnd = length;
    for (;;) {
      const newline = lineEnd === 0 ? -1 : buffer.lastIndexOf(NEWLINE, lineEnd - 1);
      if (newline === -1) break;
      if (newline + 1 < lineEnd) yield headAt(buffer, newline + 1, lineEnd);
      lineEnd = newline;
    }
    if (start === 0) {
      if (lineEnd > 0) yield headAt(buffer, 0, lineEnd);
      return;
    }
    // A line longer than a chunk is none of ours.
    if (lineEnd === length) return;
    end = start + lineEnd;
  }
}

const headAt = (buffer: Buffer, from: number, to: number): string =>
  buffer.toString('latin1', from, Math.min(to, from + HEAD_BYTES));
