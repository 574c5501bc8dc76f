/** What the tests of the log share: deterministic ids and time, temporary directories, and a small index. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent, StoredEvent } from '../../src/events/envelope.ts';
import { freshUlid } from '../../src/log/event-ids.ts';
import type { Clock, IndexCheckpoint, RandomBytes, StreamIndex } from '../../src/log/event-store.ts';
import { type FileSystem, nodeFs } from '../../src/log/file-system.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { type JsonlStore, type JsonlStoreOptions, openJsonlStore } from '../../src/log/jsonl-store.ts';

export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A clock that moves only when told. */
export const steppingClock = (startMs = START_MS): Clock & { advance(ms: number): void } => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
};

/** Random bytes that are the same in every run (mulberry32). */
export const seededRandom = (seed = 1): RandomBytes => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) & 0xff;
  };
  return (length) => Uint8Array.from({ length }, next);
};

const idRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
export const commitId = (): string => freshUlid(Date.now(), idRandom);

/** A well-formed event of a known type; stores do not look into data. */
export const note = (text: string, more: object = {}): NewEvent => ({
  type: 'FeedbackSubmitted',
  data: { text, ...more },
});

export const textOf = (event: StoredEvent): unknown => (event.data as { text?: unknown }).text;

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

export type TempDir = { readonly dir: string; remove(): void };
export const tempDir = (): TempDir => {
  const dir = mkdtempSync(join(tmpdir(), 'wf-log-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
};

export const systemEnv = { clock: { now: () => Date.now() }, random: idRandom, sha256: coldSha256 };

/** The real file system with this system call in the place of fdatasync. */
export const syncingWith = (fdatasyncSync: FileSystem['fdatasyncSync']): { readonly fs: FileSystem } => ({
  fs: { ...nodeFs, fdatasyncSync },
});

export const openTestStore = (dir: string, more: Partial<JsonlStoreOptions> = {}): JsonlStore =>
  openJsonlStore({ dir, ...systemEnv, ...more });

/** What home/ builds on SQLite, in a few maps; `catchUp` is its projector. */
export type MemoryIndex = StreamIndex & {
  catchUp(store: JsonlStore): void;
  point(checkpoint: IndexCheckpoint | null): void;
};
export const memoryIndex = (): MemoryIndex => {
  let checkpoint: IndexCheckpoint | null = null;
  let mark = 0;
  const streams = new Map<string, number[]>();
  return {
    checkpoint: () => checkpoint,
    offsets: (stream, from) => (streams.get(stream) ?? []).slice(from - 1),
    headOf: (stream) => streams.get(stream)?.length ?? 0,
    durableMark: () => mark,
    setDurableMark(seq) {
      mark = seq;
    },
    catchUp(store) {
      for (const { event, lineOffset, endOffset } of store.readAllWithOffsets(checkpoint?.endOffset ?? 0)) {
        const offsets = streams.get(event.stream) ?? [];
        offsets.push(lineOffset);
        streams.set(event.stream, offsets);
        checkpoint = { seq: event.seq, lineOffset, endOffset, hash: event.hash };
      }
    },
    point(next) {
      checkpoint = next;
    },
  };
};
