/**
 * One file of a disk that may lose power: what is in memory, and for every sector each content that may be on the
 * disk by now. Sectors are never changed in place, so that a copy of the whole disk costs a list of references.
 */

/** What a disk writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** One content a sector, or a size, may have on the disk; `at` is the step that made it. */
type Version<T> = { readonly at: number; readonly value: T };

type Held<T> = {
  /** What every process sees. */
  readonly cached: T;
  /** Oldest first: as synced, and then whatever was written since, for it may have been written back any time. */
  readonly versions: readonly Version<T>[];
  /** Whether the next sync writes it. Not so after a failed one: the pages count as clean. */
  readonly dirty: boolean;
};

const ZEROS = new Uint8Array(SECTOR_BYTES);
const emptySector: Held<Uint8Array> = { cached: ZEROS, versions: [{ at: 0, value: ZEROS }], dirty: false };

const changed = <T>(held: Held<T>, value: T, at: number): Held<T> => ({
  cached: value,
  versions: [...held.versions, { at, value }],
  dirty: true,
});
const onDisk = <T>(value: T): Held<T> => ({ cached: value, versions: [{ at: 0, value }], dirty: false });

/** Picks one of `n`; who enumerates hands in one that walks through all. */
export type Choose = (n: number) => number;

export class CutFile {
  readonly #ino: number;
  #sectors: Held<Uint8Array>[];
  #size: Held<number>;
  /** Failed syncs so far: who had the file open before is told of each once, as Linux does since 4.13. */
  failedSyncs = 0;

  constructor(ino: number, bytes: Uint8Array = new Uint8Array(0)) {
    this.#ino = ino;
    this.#size = onDisk(bytes.length);
    this.#sectors = sectorsOf(bytes).map(onDisk);
  }

  get ino(): number {
    return this.#ino;
  }

  get size(): number {
    return this.#size.cached;
  }

  copy(): CutFile {
    const other = new CutFile(this.#ino);
    other.#sectors = [...this.#sectors];
    other.#size = this.#size;
    other.failedSyncs = this.failedSyncs;
    return other;
  }

  read(position: number, length: number): Buffer {
    const end = Math.min(position + length, this.size);
    const bytes = Buffer.alloc(Math.max(0, end - position));
    for (let at = position; at < end; ) {
      const within = at % SECTOR_BYTES;
      const part = this.#sector((at - within) / SECTOR_BYTES).cached.subarray(within, within + end - at);
      bytes.set(part, at - position);
      at += part.length;
    }
    return bytes;
  }

  write(position: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const within = (position + done) % SECTOR_BYTES;
      const n = (position + done - within) / SECTOR_BYTES;
      const part = bytes.subarray(done, done + SECTOR_BYTES - within);
      const content = Uint8Array.from(this.#sector(n).cached);
      content.set(part, within);
      this.#sectors[n] = changed(this.#sector(n), content, at);
      done += part.length;
    }
    if (position + bytes.length > this.size) this.#size = changed(this.#size, position + bytes.length, at);
  }

  truncate(size: number, at: number): void {
    if (size === this.size) return;
    for (let n = Math.floor(size / SECTOR_BYTES); n < this.#sectors.length; n++) {
      const kept = Math.max(0, size - n * SECTOR_BYTES);
      const content = new Uint8Array(SECTOR_BYTES);
      content.set(this.#sector(n).cached.subarray(0, kept));
      this.#sectors[n] = changed(this.#sector(n), content, at);
    }
    this.#size = changed(this.#size, size, at);
  }

  /** What is in memory and not known to be on the disk is on it now. */
  sync(): void {
    this.#sectors = this.#sectors.map((sector) => (sector.dirty ? onDisk(sector.cached) : sector));
    if (this.#size.dirty) this.#size = onDisk(this.#size.cached);
  }

  /**
   * Nothing more is on the disk for certain, and no later sync will write it.
   * @param evicted the pages are dropped: everybody reads the old content from now on
   */
  failSync(evicted: boolean): void {
    this.failedSyncs++;
    this.#sectors = this.#sectors.map((sector) =>
      sector.dirty ? { ...sector, cached: evicted ? oldest(sector) : sector.cached, dirty: false } : sector,
    );
    this.#size = { ...this.#size, dirty: false };
  }

  /**
   * What is on the disk after a power cut.
   * @param blockBytes what reaches the disk together: a sector, or a page of eight
   */
  afterCut(choose: Choose, blockBytes: number): Uint8Array {
    const sizes = [...new Set(this.#size.versions.map(({ value }) => value))];
    const size = sizes[choose(sizes.length)] ?? 0;
    const bytes = new Uint8Array(size);
    const perBlock = blockBytes / SECTOR_BYTES;
    for (let first = 0; first * SECTOR_BYTES < size; first += perBlock) {
      const contents = this.#blockContents(first, perBlock, size);
      bytes.set(contents[choose(contents.length)] ?? ZEROS, first * SECTOR_BYTES);
    }
    return bytes;
  }

  /** Every content the block may have, below `size`: those that look the same there count once. */
  #blockContents(first: number, sectors: number, size: number): Uint8Array[] {
    const block = Array.from({ length: sectors }, (_, i) => this.#sector(first + i));
    // Most of a long file: nothing to choose.
    if (block.every(({ versions }) => versions.length === 1)) {
      return [
        Buffer.concat(block.map(({ versions }) => asOf(versions, 0))).subarray(
          0,
          size - first * SECTOR_BYTES,
        ),
      ];
    }
    const times = new Set(block.flatMap(({ versions }) => versions.map(({ at }) => at)));
    const found = new Map<string, Uint8Array>();
    for (const time of [...times].sort((a, b) => a - b)) {
      const content = Buffer.concat(block.map(({ versions }) => asOf(versions, time)));
      const visible = content.subarray(0, size - first * SECTOR_BYTES);
      found.set(visible.toString('latin1'), visible);
    }
    return [...found.values()];
  }

  #sector(n: number): Held<Uint8Array> {
    return this.#sectors[n] ?? emptySector;
  }
}

const oldest = <T>({ cached, versions }: Held<T>): T => versions[0]?.value ?? cached;

const asOf = (versions: readonly Version<Uint8Array>[], time: number): Uint8Array =>
  (versions.findLast(({ at }) => at <= time) ?? versions[0])?.value ?? ZEROS;

const sectorsOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / SECTOR_BYTES) }, (_, n) => {
    const sector = new Uint8Array(SECTOR_BYTES);
    sector.set(bytes.subarray(n * SECTOR_BYTES, (n + 1) * SECTOR_BYTES));
    return sector;
  });
