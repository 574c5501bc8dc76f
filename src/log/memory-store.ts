/**
 * The EventStore in memory, with the codec and the commit rules of the JSONL store. An append is done when the call
 * returns (its promise is already settled inside), so that a test can interleave at every append; ids depend on
 * nothing but the clock and the randomness handed in.
 */

import { bug } from '../errors.ts';
import { decodeLine, GENESIS_HASH, isInvalid, requireKnown } from '../events/codec.ts';
import { type StoredEvent, seq } from '../events/envelope.ts';
import { upcast } from '../events/upcast.ts';
import { CommitEncoder, type EncoderEnv, MAX_COMMIT_BYTES } from './commit-encoder.ts';
import type { AppendOptions, AppendResult, Commit, EventStore } from './event-store.ts';
import type { LastLine } from './log-tail.ts';
import { followLog } from './subscribe.ts';

export type MemoryStoreOptions = EncoderEnv & {
  /** Lines of an earlier store: what was left after a crash. */
  readonly lines?: readonly string[];
  /** Decode each line once and give out the same event every time: for callers that change none, and read often. */
  readonly sharesEvents?: boolean;
};

export type MemoryStore = EventStore & {
  /** The log as a file would hold it, without newlines. */
  lines(): readonly string[];
  /** Only what a power cut now would leave. */
  durableLines(): readonly string[];
  /** Decodes at once, for assertions. */
  events(stream?: string): readonly StoredEvent[];
};

export const createMemoryStore = (options: MemoryStoreOptions): MemoryStore => {
  const lines: string[] = [];
  /** Line numbers (from 0) of each stream's events. */
  const streams = new Map<string, number[]>();
  let last: LastLine = { seq: 0, id: null, hash: GENESIS_HASH };
  let durableSeq = 0;

  /** By line, where events are shared. */
  const decoded: StoredEvent[] = [];

  const decodeAt = (at: number): StoredEvent => {
    const known = decoded[at];
    if (known !== undefined) return known;
    const event = decodeLine(lines[at] ?? '');
    if (isInvalid(event)) throw bug(`line ${at + 1} of the memory log: ${event.invalid}`);
    requireKnown(event);
    const current = upcast(event);
    if (options.sharesEvents === true) decoded[at] = current;
    return current;
  };
  const record = (line: string, stream: string): void => {
    const known = streams.get(stream);
    if (known === undefined) streams.set(stream, [lines.length]);
    else known.push(lines.length);
    lines.push(line);
  };
  for (const line of options.lines ?? []) {
    const event = decodeLine(line);
    if (isInvalid(event)) throw bug(`line ${lines.length + 1} of the memory log: ${event.invalid}`);
    record(line, event.stream);
    last = { seq: event.seq, id: event.id, hash: event.hash };
  }
  durableSeq = last.seq;

  const headOf = (stream: string): number => streams.get(stream)?.length ?? 0;
  const eventAt = (stream: string, version: number): StoredEvent =>
    decodeAt(streams.get(stream)?.[version - 1] ?? -1);

  const appendNow = (commits: readonly Commit[], { durable, signal }: AppendOptions): AppendResult[] => {
    signal?.throwIfAborted();
    const encoder = new CommitEncoder({ last, durableSeq, headOf, eventAt }, options);
    try {
      return commits.map((commit, i) => encoder.add(commit, i));
    } finally {
      // As in the file: commits before one that failed stay recorded.
      for (const { line, stream } of encoder.lines) record(line, stream);
      last = encoder.last;
      if (durable) durableSeq = last.seq;
    }
  };

  const readAll: EventStore['readAll'] = (after, readOptions) => {
    const until = Math.min(readOptions?.until?.seq ?? last.seq, last.seq);
    return (async function* () {
      for (let at = after?.seq ?? 0; at < until; at++) yield decodeAt(at);
    })();
  };

  return {
    capabilities: { distributed: false, durableAck: true, maxCommitBytes: MAX_COMMIT_BYTES },
    async append(stream, expectedVersion, events, { commitId, ...rest }) {
      return appendNow([{ stream, expectedVersion, events, commitId }], rest)[0] as AppendResult;
    },
    appendInOrder: async (commits, appendOptions) => appendNow(commits, appendOptions),
    async *read(stream, range) {
      const to = Math.min(range?.to ?? Number.POSITIVE_INFINITY, headOf(stream));
      for (let version = Math.max(1, range?.from ?? 1); version <= to; version++)
        yield eventAt(stream, version);
    },
    readAll,
    subscribe: (after, handler, subscribeOptions) => followLog(readAll, after, handler, subscribeOptions),
    async sync(upTo) {
      if (upTo.seq > durableSeq) durableSeq = last.seq;
      return { seq: seq(durableSeq) };
    },
    head: async () => (last.seq === 0 ? null : { seq: seq(last.seq) }),
    headOf: async (stream) => headOf(stream),
    close: async () => {},
    lines: () => [...lines],
    durableLines: () => lines.slice(0, durableSeq),
    events: (stream) =>
      stream === undefined
        ? lines.map((_, at) => decodeAt(at))
        : (streams.get(stream) ?? []).map((at) => decodeAt(at)),
  };
};
