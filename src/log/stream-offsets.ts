/**
 * Where the lines of each stream begin: the index as far as it covers the log, this process's memory from there on.
 * The index may move on at any time; a version is never answered from both.
 */
import type { StreamIndex } from './event-store.ts';
import type { ScannedLine } from './verified-scan.ts';

type Tail = { first: number; offsets: number[] };

export class StreamOffsets {
  readonly #tails = new Map<string, Tail>();
  #lines = 0;

  /** Lines kept in memory. */
  get size(): number {
    return this.#lines;
  }

  clear(): void {
    this.#tails.clear();
    this.#lines = 0;
  }

  add(stream: string, version: number, offset: number): void {
    const tail = this.#tails.get(stream);
    if (tail === undefined) this.#tails.set(stream, { first: version, offsets: [offset] });
    else tail.offsets.push(offset);
    this.#lines++;
  }

  addLine(line: ScannedLine): void {
    this.add(line.event.stream, line.event.streamVersion, line.offset);
  }

  /** Forgets what the index now covers. */
  dropBefore(endOffset: number): void {
    for (const [stream, tail] of this.#tails) {
      const keepFrom = tail.offsets.findIndex((offset) => offset >= endOffset);
      if (keepFrom === 0) continue;
      this.#lines -= keepFrom === -1 ? tail.offsets.length : keepFrom;
      if (keepFrom === -1) this.#tails.delete(stream);
      else this.#tails.set(stream, { first: tail.first + keepFrom, offsets: tail.offsets.slice(keepFrom) });
    }
  }

  headOf(stream: string, index: StreamIndex | undefined): number {
    const tail = this.#tails.get(stream);
    // The tail is later than what the index covered when it was read, and holds every line since.
    if (tail !== undefined) return tail.first + tail.offsets.length - 1;
    return index?.headOf(stream) ?? 0;
  }

  /** Offsets of versions `from` to `to`, in order; undefined when the index lacks some that it should have. */
  find(
    stream: string,
    from: number,
    to: number,
    index: StreamIndex | undefined,
  ): readonly number[] | undefined {
    const tail = this.#tails.get(stream);
    const tailFirst = tail?.first ?? Number.POSITIVE_INFINITY;
    const found: number[] = [];
    const indexed = Math.min(to, tailFirst - 1);
    if (index !== undefined && from <= indexed) {
      for (const offset of index.offsets(stream, from)) {
        if (found.length > indexed - from) break;
        found.push(offset);
      }
    }
    if (tail === undefined) return found;
    if (from < tailFirst && to >= tailFirst && found.length !== tailFirst - from) return undefined;
    for (let version = Math.max(from, tailFirst); version <= to; version++) {
      const offset = tail.offsets[version - tailFirst];
      if (offset === undefined) break;
      found.push(offset);
    }
    return found;
  }
}
