/**
 * Where the newest runs of a log begin, found from its end by the heads of its lines alone. Only a shortcut: a pass
 * that knows it makes no files that it would take away again, and one that does not ends with the same ones.
 */
import type { FileSystem } from '../log/file-system.ts';
import { isExpiry } from '../workflow/evolve.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Of a line: seq, id, time, stream, version and type stand at its beginning, in this order. */
const HEAD_BYTES = 512;
const HEAD = /^\{"seq":(\d+),.*?"stream":"run\/([^"]+)","streamVersion":\d+,"type":"([^"]+)"/;
const NEWLINE = 0x0a;

/**
 * The seq of the last event of the `wanted`-th newest run, by last events up to `upTo`; 0 = there are fewer runs, or
 * it cannot be said.
 */
export function newestRunsFloor(fs: FileSystem, logFile: string, upTo: number, wanted: number): number {
  const seen = new Set<string>();
  for (const head of headsFromEnd(fs, logFile)) {
    const [, seq, runId, type] = HEAD.exec(head) ?? [];
    if (runId === undefined || Number(seq) > upTo || isExpiry(type ?? '')) continue;
    seen.add(runId);
    if (seen.size === wanted) return Number(seq);
  }
  return 0;
}

function* headsFromEnd(fs: FileSystem, file: string): Generator<string> {
  const fd = fs.openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let end = fs.fstatSync(fd).size;
    // Always from the beginning of a chunk to its end; a line that begins before the chunk waits for the next one.
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const length = fs.readSync(fd, buffer, 0, end - start, start);
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
  } finally {
    fs.closeSync(fd);
  }
}

const headAt = (buffer: Buffer, from: number, to: number): string =>
  buffer.toString('latin1', from, Math.min(to, from + HEAD_BYTES));
