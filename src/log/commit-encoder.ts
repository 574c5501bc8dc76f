/**
 * Decides, for one commit after another, whether it may be recorded, and writes its lines: the same for every local
 * store. Nothing is recorded here; all lines of a commit are added or none.
 */
import { bug } from '../errors.ts';
import { encodeData, encodeLine, encodeMeta } from '../events/codec.ts';
import { MAX_LINE_BYTES, type NewEvent, type StoredEvent, seq } from '../events/envelope.ts';
import { isoTime } from '../events/iso-time.ts';
import { schemaVersionOf } from '../events/types.ts';
import { nextEventId } from './event-ids.ts';
import {
  type AppendResult,
  type Clock,
  type Commit,
  ConflictError,
  type RandomBytes,
  type Sha256Hex,
  TooLargeError,
} from './event-store.ts';
import type { LastLine } from './log-tail.ts';

/** Largest commit in bytes: far above any run's, far below what would hold up other writers. */
export const MAX_COMMIT_BYTES = 8 * 1024 * 1024;

export type LogView = {
  readonly last: LastLine;
  /** Written into the lines as `synced`; 0 = nothing known. */
  readonly durableSeq: number;
  headOf(stream: string): number;
  /** An event that is there. */
  eventAt(stream: string, version: number): StoredEvent;
};

export type EncoderEnv = { readonly clock: Clock; readonly random: RandomBytes; readonly sha256: Sha256Hex };

export type PendingLine = {
  readonly event: StoredEvent;
  readonly line: string;
  readonly stream: string;
  readonly version: number;
};

export class CommitEncoder {
  readonly #view: LogView;
  readonly #env: EncoderEnv;
  readonly #heads = new Map<string, number>();
  readonly lines: PendingLine[] = [];
  last: LastLine;

  constructor(view: LogView, env: EncoderEnv) {
    this.#view = view;
    this.#env = env;
    this.last = view.last;
  }

  /** @throws {ConflictError} {@link TooLargeError} {@link WfError}; nothing of this commit is added then */
  add(commit: Commit, index: number): AppendResult {
    const { stream, expectedVersion, events, commitId } = commit;
    if (events.length === 0) throw bug(`an empty commit to ${stream}`);
    if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) {
      throw bug(`expected version ${expectedVersion} of ${stream}`);
    }
    const head = this.#heads.get(stream) ?? this.#view.headOf(stream);
    if (head !== expectedVersion) {
      const earlier = head > expectedVersion ? this.#eventAt(stream, expectedVersion + 1) : undefined;
      if (earlier?.commit === commitId) return this.#sameAgain(commit, earlier);
      throw new ConflictError(stream, expectedVersion, head, index);
    }
    const encoded = this.#encode(commit);
    const last = encoded.at(-1) as PendingLine;
    this.lines.push(...encoded);
    this.last = { seq: last.event.seq, id: last.event.id, hash: last.event.hash };
    this.#heads.set(stream, last.version);
    return { version: last.version, position: { seq: last.event.seq } };
  }

  #eventAt(stream: string, version: number): StoredEvent {
    const pending = this.lines.find((line) => line.stream === stream && line.version === version);
    return pending?.event ?? this.#view.eventAt(stream, version);
  }

  /** A retry of what was recorded has its result; a commit id that means something else is a bug. */
  #sameAgain(commit: Commit, first: StoredEvent): AppendResult {
    const count = commit.events.length;
    const same =
      (first.batch?.[1] ?? 1) === count &&
      commit.events.every((event, i) => {
        const stored = i === 0 ? first : this.#eventAt(commit.stream, commit.expectedVersion + 1 + i);
        return (
          stored.commit === commit.commitId &&
          stored.type === event.type &&
          stored.dataHash === this.#env.sha256(encodeData(event.data, event.type)) &&
          encodeMeta(stored.meta) === encodeMeta(event.meta)
        );
      });
    if (!same) throw bug(`commit ${commit.commitId} was recorded with other events in ${commit.stream}`);
    // A batch is contiguous, in the log as in its stream.
    return { version: commit.expectedVersion + count, position: { seq: seq(first.seq + count - 1) } };
  }

  #encode(commit: Commit): PendingLine[] {
    const nowMs = this.#env.clock.now();
    const ts = isoTime(nowMs);
    const encoded: PendingLine[] = [];
    let last = this.last;
    let bytes = 0;
    for (const [i, event] of commit.events.entries()) {
      const stored = this.#place(commit, event, i, last, nowMs, ts);
      const result = encodeLine(this.#env.sha256, last.hash, stored);
      if ('tooLong' in result)
        throw new TooLargeError(`the ${event.type} event`, result.tooLong, MAX_LINE_BYTES);
      const { line, hash, dataHash } = result;
      bytes += Buffer.byteLength(line) + 1;
      const complete = { ...stored, dataHash, hash };
      encoded.push({ event: complete, line, stream: commit.stream, version: stored.streamVersion });
      last = complete;
    }
    if (bytes > MAX_COMMIT_BYTES) throw new TooLargeError('the commit', bytes, MAX_COMMIT_BYTES);
    return encoded;
  }

  #place(commit: Commit, event: NewEvent, i: number, last: LastLine, nowMs: number, ts: string) {
    const schemaVersion = schemaVersionOf(event.type);
    if (schemaVersion === undefined) throw bug(`the event type ${event.type} is not in the catalog`);
    const count = commit.events.length;
    const { durableSeq } = this.#view;
    return {
      seq: seq(last.seq + 1),
      id: nextEventId(last.id, nowMs, this.#env.random),
      ts,
      stream: commit.stream,
      streamVersion: commit.expectedVersion + 1 + i,
      type: event.type,
      schemaVersion,
      commit: commit.commitId,
      ...(count > 1 ? { batch: [i + 1, count] as const } : {}),
      // Once per commit is enough: a mark that many lines carry survives damage to some.
      ...(i === 0 && durableSeq > 0 ? { synced: durableSeq } : {}),
      ...(event.meta === undefined ? {} : { meta: event.meta }),
      data: event.data,
    };
  }
}
