/**
 * The EventStore on one file, `logs/events.jsonl`: many processes may read and append at once. Appends go through
 * one lock; reads take none and never write. See ARCHITECTURE.md for what survives a crash at each point.
 */
import { type StoredEvent, seq } from '../events/envelope.ts';
import { failpoint } from '../failpoint.ts';
import { createAppendQueue, type Outcome, type Request, type Writer } from './append-queue.ts';
import { MAX_COMMIT_BYTES } from './commit-encoder.ts';
import { freshUlid } from './event-ids.ts';
import type { Clock, EventStore, RandomBytes, Sha256Hex, StreamIndex } from './event-store.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { type LocatedEvent, readLocated, readStream } from './jsonl-reader.ts';
import { createDiskSync, syncTail, writeRequests } from './jsonl-writer.ts';
import { offsetAfterSeq } from './line-reader.ts';
import { type LogLock, openLogLock } from './lock.ts';
import { LogTail } from './log-tail.ts';
import type { LogMaintenance } from './maintenance.ts';
import { createMarkKeeper } from './mark-keeper.ts';
import { followLog } from './subscribe.ts';
import { wholeLog } from './whole-log.ts';

export const LOG_FILE = 'events.jsonl';
export const LOCK_FILE = '.lock';
export const DEFAULT_LOCK_TIMEOUT_MS = 10_000;

export type JsonlStoreOptions = {
  /** The home's `logs` directory; made by the first append. */
  readonly dir: string;
  readonly index?: StreamIndex;
  /** The real one by default; one of another kind needs a lock of its own. */
  readonly fs?: FileSystem;
  readonly lock?: LogLock;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly sha256: Sha256Hex;
  readonly lockTimeoutMs?: number;
  /** Told, in a sentence, when a repair was made. */
  readonly onNotice?: (text: string) => void;
  /** Called after lines were written and before anybody is told. */
  readonly onWritten?: () => void;
};

export type JsonlStore = EventStore & {
  readonly path: string;
  /** The index does not belong to this log as it stands: the projector should rebuild. Looks at the log. */
  readonly indexMismatch: boolean;
  /** Greatest seq known to be on disk, without looking again. */
  readonly durableSeq: number;
  /** Events from a line's offset to `untilSeq` (default: the head now), with their places; for the projector. */
  readAllWithOffsets(fromOffset: number, untilSeq?: number): Generator<LocatedEvent>;
  /** What is done to the log as a whole, rarely; loaded when asked for. */
  maintenance(): Promise<LogMaintenance>;
};

export const openJsonlStore = (options: JsonlStoreOptions): JsonlStore => {
  const { dir, index, clock, random, sha256, lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const onDisk = options.fs ?? nodeFs;
  // However many files the log has, from here on it is one, by positions that never change.
  const fs = wholeLog(onDisk);
  const logPath = `${dir}/${LOG_FILE}`;
  const lock = options.lock ?? openLogLock(`${dir}/${LOCK_FILE}`, lockTimeoutMs);
  const disk = createDiskSync(fs, dir, () => tail);
  const tail = new LogTail({
    fs,
    path: logPath,
    index,
    sha256,
    freshName: () => freshUlid(clock.now(), random),
    onNotice: options.onNotice ?? (() => {}),
    sync: disk.sync,
  });
  const mark = createMarkKeeper(index, () => tail.durableSeq);
  const view = {
    get last() {
      return tail.last;
    },
    get durableSeq() {
      return tail.durableSeq;
    },
    headOf: (stream: string) => tail.headOf(stream),
    eventAt: (stream: string, version: number) =>
      readStream(fs, tail, logPath, stream, version, version)[0] as StoredEvent,
  };
  let dirMade = false;

  const writer: Writer = {
    lock() {
      if (!dirMade) makeDirectory(fs, dir);
      dirMade = true;
      return lock.tryAcquire() ? undefined : lock.acquire();
    },
    unlock: () => {
      lock.release();
      failpoint('log.lock.released');
    },
    write(requests) {
      failpoint('log.lock.taken');
      disk.requireHealthy();
      tail.refreshAndRepair();
      return writeRequests(fs, requests, tail, view, { clock, random, sha256 }, logPath);
    },
    sync(requests, outcomes) {
      options.onWritten?.();
      if (!requests.some((request) => request.durable)) return outcomes;
      try {
        syncTail(fs, tail, disk, dir);
        mark.owe();
        return outcomes;
      } catch (error) {
        return requests.map((request, i) => failIfDurable(request, outcomes[i] as Outcome, error));
      }
    },
  };
  const queue = createAppendQueue(writer);

  const located = (fromOffset: number, untilSeq: number): Generator<LocatedEvent> =>
    readLocated(fs, tail, logPath, fromOffset, untilSeq);

  const offsetAfter = (after: number): number => {
    const checkpoint = tail.usesIndex ? (index?.checkpoint() ?? null) : null;
    if (checkpoint?.seq === after) return checkpoint.endOffset;
    if (after === 0 || tail.fd === undefined) return 0;
    return after >= tail.last.seq ? tail.end : offsetAfterSeq(fs, tail.fd, tail.end, after);
  };

  const rangeAfter = (after: number, until: number | undefined): { from: number; untilSeq: number } => {
    tail.refresh();
    return { from: offsetAfter(after), untilSeq: Math.min(until ?? tail.last.seq, tail.last.seq) };
  };

  const readAll: EventStore['readAll'] = (after, readOptions) => {
    // The end is fixed now; what is wrong with the log is told to who iterates.
    const range = attempt(() => rangeAfter(after?.seq ?? 0, readOptions?.until?.seq));
    return (async function* () {
      const { from, untilSeq } = range();
      for (const { event } of located(from, untilSeq)) yield event;
    })();
  };

  return {
    path: logPath,
    maintenance: async () => {
      const { openMaintenance } = await import('./maintenance.ts');
      return openMaintenance({
        fs: onDisk,
        whole: fs,
        dir,
        tail,
        disk,
        lock: options.lock,
        lockTimeoutMs,
        sha256,
      });
    },
    capabilities: { distributed: false, durableAck: true, maxCommitBytes: MAX_COMMIT_BYTES },
    get indexMismatch() {
      tail.refresh();
      return tail.indexMismatch;
    },
    get durableSeq() {
      return tail.durableSeq;
    },
    async append(stream, expectedVersion, events, { commitId, ...rest }) {
      const [result] = await queue.push([{ stream, expectedVersion, events, commitId }], rest);
      return result as NonNullable<typeof result>;
    },
    appendInOrder: (commits, appendOptions) => queue.push(commits, appendOptions),
    async *read(stream, range) {
      tail.refresh();
      yield* readStream(fs, tail, logPath, stream, range?.from ?? 1, range?.to ?? Number.POSITIVE_INFINITY);
    },
    readAll,
    readAllWithOffsets(fromOffset, untilSeq) {
      tail.refresh();
      return located(fromOffset, Math.min(untilSeq ?? tail.last.seq, tail.last.seq));
    },
    subscribe: (after, handler, subscribeOptions) => followLog(readAll, after, handler, subscribeOptions),
    async sync(upTo) {
      if (upTo.seq > tail.durableSeq) {
        tail.refresh();
        syncTail(fs, tail, disk, dir);
        mark.owe();
      }
      return { seq: seq(tail.durableSeq) };
    },
    async head() {
      tail.refresh();
      return tail.last.seq === 0 ? null : { seq: seq(tail.last.seq) };
    },
    async headOf(stream) {
      tail.refresh();
      return tail.headOf(stream);
    },
    async close() {
      await queue.idle();
      mark.close();
      tail.close();
      lock.close();
    },
  };
};

/** Does it now; the answer gives the result or throws. */
const attempt = <T>(action: () => T): (() => T) => {
  try {
    const result = action();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
};

const failIfDurable = (request: Request, outcome: Outcome, error: unknown): Outcome =>
  request.durable && outcome.ok ? { ok: false, error } : outcome;

/** 0700, parents included: a log holds what the user typed. */
const makeDirectory = (fs: FileSystem, dir: string): void => {
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fsFailure(error, 'make the log directory', dir);
  }
};
