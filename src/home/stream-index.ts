/**
 * Where the lines of each stream begin, in `index.db`, so that one run is read without scanning the log. Offsets
 * are packed 128 to a row: appending to a stream of any length touches one short row.
 */

import { ioError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { IndexCheckpoint, StreamIndex } from '../log/event-store.ts';
import type { IndexDb } from './index-db.ts';
import { isDamage } from './sqlite-errors.ts';

const CHUNK_VERSIONS = 128;
/** 2^48 bytes of log are enough for everybody. */
const OFFSET_BYTES = 6;

/** How far the folded tables reach, and what they were folded with. */
export type ProjectionCheckpoint = IndexCheckpoint & {
  readonly projectionVersion: number;
  readonly bootId: string;
};

/** What the files on disk are known to be. */
export type CleanMark = {
  /** The files of runs whose last event stands here or before are on disk for certain. */
  readonly seq: number;
  /** Seq of the newest event when the mark was moved. */
  readonly at: number;
  /** Runs that had been pushed out of the kept ones by then: their files are gone for certain. */
  readonly floor: number;
  /** What was given up by an event here or before is gone for certain too. */
  readonly gone: number;
};

const CHECKPOINT = 'checkpoint';
const CLEAN_MARK = 'cleanMark';
const DURABLE_MARK = 'durableMark';

export const readCheckpoint = (index: IndexDb): ProjectionCheckpoint | null =>
  parseCheckpoint(index.meta(CHECKPOINT));

/** As it stands in the table `meta`. */
export const parseCheckpoint = (json: string | null): ProjectionCheckpoint | null => parse(json);

export const writeCheckpoint = (index: IndexDb, checkpoint: ProjectionCheckpoint | null): void =>
  index.setMeta(CHECKPOINT, checkpoint === null ? null : JSON.stringify(checkpoint));

export const readCleanMark = (index: IndexDb): CleanMark =>
  parse(index.meta(CLEAN_MARK)) ?? { seq: 0, at: 0, floor: 0, gone: 0 };

export const writeCleanMark = (index: IndexDb, mark: CleanMark): void =>
  index.setMeta(CLEAN_MARK, JSON.stringify(mark));

const parse = <T>(json: string | null): T | null => (json === null ? null : (JSON.parse(json) as T));

/** The port the JSONL store is given. */
export function streamIndex(index: IndexDb): StreamIndex {
  return {
    // Without a checkpoint the log is scanned, which is always right.
    checkpoint: () => orIfDamaged(() => readCheckpoint(index), null),
    // Here an empty answer would be a wrong one: a stream that exists would seem not to.
    offsets: (stream, from) => unlessDamaged(index, () => offsetsOf(index, stream, from)),
    headOf: (stream) => unlessDamaged(index, () => headOf(index, stream)),
    durableMark: () => orIfDamaged(() => Number(index.meta(DURABLE_MARK) ?? 0), 0),
    setDurableMark: (seq) => {
      try {
        index.run(
          `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
           WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER)`,
          DURABLE_MARK,
          String(seq),
        );
      } catch {
        // Only a hint that makes damage better to tell from a torn tail; the next line carries the same number.
      }
      failpoint('index.mark.written');
    },
  };
}

function orIfDamaged<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return otherwise;
  }
}

function unlessDamaged<T>(index: IndexDb, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw ioError('index-damaged', 'the index is damaged', {
      where: index.path,
      hint: 'Run `wf rebuild-projections`: it is made anew from the log, and nothing is lost.',
      cause: error,
    });
  }
}

export function offsetsOf(index: IndexDb, stream: string, from: number): number[] {
  const first = Math.max(1, from);
  const chunk = chunkOf(first);
  const rows = index.all<{ offsets: Uint8Array }>(
    'SELECT offsets FROM stream_offsets WHERE stream = ? AND chunk >= ? ORDER BY chunk',
    stream,
    chunk,
  );
  const offsets = rows.flatMap((row) => unpack(row.offsets));
  return offsets.slice(first - 1 - chunk * CHUNK_VERSIONS);
}

export function headOf(index: IndexDb, stream: string): number {
  const row = index.get<{ chunk: number; bytes: number }>(
    'SELECT chunk, length(offsets) AS bytes FROM stream_offsets WHERE stream = ? ORDER BY chunk DESC LIMIT 1',
    stream,
  );
  return row === undefined ? 0 : row.chunk * CHUNK_VERSIONS + row.bytes / OFFSET_BYTES;
}

const chunkOf = (version: number): number => Math.floor((version - 1) / CHUNK_VERSIONS);

function unpack(bytes: Uint8Array): number[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets: number[] = [];
  for (let at = 0; at < view.length; at += OFFSET_BYTES) offsets.push(view.readUIntLE(at, OFFSET_BYTES));
  return offsets;
}

/** Offsets seen since the last flush; one statement a stream and chunk writes them. */
export class OffsetBuffer {
  #pending = new Map<string, { stream: string; chunk: number; offsets: number[] }>();

  add(stream: string, version: number, offset: number): void {
    const chunk = chunkOf(version);
    const key = `${chunk} ${stream}`;
    const entry = this.#pending.get(key);
    if (entry === undefined) this.#pending.set(key, { stream, chunk, offsets: [offset] });
    else entry.offsets.push(offset);
  }

  flush(index: IndexDb): void {
    for (const { stream, chunk, offsets } of this.#pending.values()) {
      const packed = Buffer.allocUnsafe(offsets.length * OFFSET_BYTES);
      offsets.forEach((offset, i) => {
        packed.writeUIntLE(offset, i * OFFSET_BYTES, OFFSET_BYTES);
      });
      index.run(
        `INSERT INTO stream_offsets (stream, chunk, offsets) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET offsets = CAST(offsets || excluded.offsets AS BLOB)`,
        stream,
        chunk,
        packed,
      );
    }
    this.#pending.clear();
  }
}
