/**
 * The one interface to the log. Everything above it (engine, projections, commands) is the same whatever stores
 * the events; test/support/store-conformance.ts is the contract every store must pass.
 */
import type { NewEvent, Seq, StoredEvent } from '../events/envelope.ts';

/** A place in the log: everything up to and including `seq`. */
export type Position = { readonly seq: Seq };

export type Commit = {
  readonly stream: string;
  /** Version the stream must have now; 0 = it must not exist. */
  readonly expectedVersion: number;
  /** At least one. All or none of them are recorded. */
  readonly events: readonly NewEvent[];
  /** A ulid, made once per intended append and kept across retries: the same id again has the same result. */
  readonly commitId: string;
};

export type AppendOptions = {
  /** Resolve only when the events are on disk. Without it they are visible but may be lost in a power cut. */
  readonly durable: boolean;
  readonly signal?: AbortSignal;
};

export type AppendResult = { readonly version: number; readonly position: Position };

export type EventStore = {
  readonly capabilities: {
    readonly distributed: boolean;
    readonly durableAck: boolean;
    readonly maxCommitBytes: number;
  };
  /**
   * Appends the events atomically.
   * @throws {ConflictError} the stream is at another version; nothing was written
   * @throws {UnavailableError} the outcome is unknown: try again with the same commitId
   * @throws {TooLargeError} a line or the commit is above its limit; nothing was written
   * @throws {WfError} log-corrupt (65), io (74), lock-timeout (75)
   */
  append(
    stream: string,
    expectedVersion: number,
    events: readonly NewEvent[],
    options: AppendOptions & { readonly commitId: string },
  ): Promise<AppendResult>;
  /**
   * Several commits in the order given, each atomic, stopping at the first that fails: what stands before it in
   * the list stays recorded. A local store makes them one write and one sync; see docs/decisions/002.
   * @throws as {@link append}; a ConflictError's `index` says which commit failed
   */
  appendInOrder(commits: readonly Commit[], options: AppendOptions): Promise<readonly AppendResult[]>;
  /** Events of one stream, by version; `from` and `to` are inclusive. */
  read(stream: string, range?: { readonly from?: number; readonly to?: number }): AsyncIterable<StoredEvent>;
  /** The whole log after a position, in order of seq; ends at `until` (default: the head when called). */
  readAll(after: Position | null, options?: { readonly until?: Position }): AsyncIterable<StoredEvent>;
  /** Calls the handler for every event after a position, then for each new one, until the signal aborts. */
  subscribe(
    after: Position | null,
    handler: (event: StoredEvent) => void | Promise<void>,
    options: { readonly signal: AbortSignal; readonly filter?: (event: StoredEvent) => boolean },
  ): Promise<void>;
  /** Makes everything up to the position durable, whoever wrote it; answers how far it now is. */
  sync(upTo: Position): Promise<Position>;
  head(): Promise<Position | null>;
  /** Version of a stream: 0 when it does not exist. */
  headOf(stream: string): Promise<number>;
  close(): Promise<void>;
};

/** The stream is not at the version that was expected. */
export class ConflictError extends Error {
  readonly stream: string;
  readonly expected: number;
  readonly actual: number;
  /** Which commit of an appendInOrder; 0 for a plain append. */
  readonly index: number;
  constructor(stream: string, expected: number, actual: number, index = 0) {
    super(`stream ${stream} is at version ${actual}, expected ${expected}`);
    this.name = 'ConflictError';
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
    this.index = index;
  }
}

/** It is not known whether the append happened; the same commitId may be sent again. */
export class UnavailableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UnavailableError';
  }
}

/** An event's line or a commit is above the store's limit. */
export class TooLargeError extends Error {
  readonly bytes: number;
  readonly limit: number;
  constructor(what: string, bytes: number, limit: number) {
    super(`${what} is ${bytes} bytes; the limit is ${limit}`);
    this.name = 'TooLargeError';
    this.bytes = bytes;
    this.limit = limit;
  }
}

/**
 * What a JSONL store may be given to find a stream without scanning. Implemented by home/ on `index.db`; without
 * it the log is scanned. The index may lag behind the log and may be absent; it is never trusted beyond `checkpoint`.
 */
export type StreamIndex = {
  /** How far the index covers: the last indexed line, its byte range and its hash. Null = nothing. */
  checkpoint(): IndexCheckpoint | null;
  /** Byte offsets of the lines of the stream with versions `from` and up, as far as the index covers. */
  offsets(stream: string, from: number): readonly number[];
  /** Version of the stream as far as the index covers; 0 = not there. */
  headOf(stream: string): number;
  /** Greatest seq known to be on disk, or 0. */
  durableMark(): number;
  setDurableMark(seq: number): void;
};

export type IndexCheckpoint = {
  readonly seq: number;
  /** Where the last indexed line begins, and the first byte after its newline. */
  readonly lineOffset: number;
  readonly endOffset: number;
  readonly hash: string;
};

/** Current time in milliseconds since 1970, and randomness: handed in so that tests decide them. */
export type Clock = { now(): number };
export type RandomBytes = (length: number) => Uint8Array;
/** SHA-256 as 64 lowercase hex characters; a string is hashed as UTF-8. */
export type Sha256Hex = (input: string | Uint8Array) => string;
/** Values too long for an event line, by content hash; `put` returns only when it is on disk. */
export type BlobStore = {
  put(bytes: Uint8Array): Promise<string>;
  /** Null when it is missing: damage of that run only. */
  get(hash: string): Promise<Uint8Array | null>;
};
