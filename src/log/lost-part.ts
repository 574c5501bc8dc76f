/**
 * What stands at and after damage in the log, read line by line: nothing there can be relied on, but a person who is
 * asked to go on without it has to know what it was.
 */
import { decodeLine, GENESIS_HASH, isIntact, isInvalid } from '../events/codec.ts';
import { runIdOf } from '../events/streams.ts';
import type { Sha256Hex } from './event-store.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { eachLine } from './line-reader.ts';
import { syncedBeyond } from './recover.ts';
import { verifiedScan } from './verified-scan.ts';
import { wholeLog } from './whole-log.ts';

export type LostRun = {
  /** It began there: afterwards it is as if it had never been. */
  vanishes: boolean;
  events: number;
  /** Events of acts on the world, which are told of only here. */
  acts: number;
};

export type LostPart = {
  /** First byte that goes, which is where an unfinished batch begins. */
  readonly cutAt: number;
  /** Size of the file when it was looked at. */
  readonly size: number;
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
  /** Seq of the last good event, and its hash. */
  readonly headSeq: number;
  readonly durableSeq: number;
  /** Events that can still be read, and lines that cannot. */
  readonly events: number;
  readonly unreadableLines: number;
  /** The first of them; `runsTouched` counts all. */
  readonly runs: ReadonlyMap<string, LostRun>;
  readonly runsTouched: number;
  /** Of other streams, by type. */
  readonly others: ReadonlyMap<string, number>;
};

/** Runs that are told one by one. */
const KEPT_RUNS = 10_000;

/** Null when nothing is damaged. @param durableMark what the index knows to be on disk */
export const lostPart = (
  logPath: string,
  durableMark: number,
  sha256: Sha256Hex,
  onDisk: FileSystem = nodeFs,
): LostPart | null => {
  const fs = wholeLog(onDisk);
  const fd = fs.openSync(logPath, 'r');
  try {
    const size = fs.fstatSync(fd).size;
    let durableSeq = durableMark;
    let headSeq = 0;
    const scan = verifiedScan(fs, fd, 0, size, { seq: 0, hash: GENESIS_HASH }, sha256);
    let step = scan.next();
    for (; step.done !== true; step = scan.next()) {
      for (const { event } of step.value) {
        headSeq = event.seq;
        durableSeq = Math.max(durableSeq, event.synced ?? 0);
      }
    }
    const { stop, end } = step.value;
    const cutAt = stop?.cutAt ?? Math.min(end, size);
    if (stop?.kind === 'damage') durableSeq = Math.max(durableSeq, syncedBeyond(fs, fd, stop, size, sha256));
    if (durableSeq < (stop?.firstLostSeq ?? headSeq + 1)) return null;
    const {
      badLine: line,
      badOffset: offset,
      reason,
    } = stop ?? {
      badLine: headSeq + 1,
      badOffset: end,
      reason: 'the log ends early',
    };
    return {
      cutAt,
      size,
      line,
      offset,
      reason,
      headSeq,
      durableSeq,
      ...linesFrom(fs, fd, cutAt, size, sha256),
    };
  } finally {
    fs.closeSync(fd);
  }
};

const linesFrom = (fs: FileSystem, fd: number, from: number, size: number, sha256: Sha256Hex) => {
  const runs = new Map<string, LostRun>();
  const others = new Map<string, number>();
  let [events, unreadableLines, runsTouched] = [0, 0, 0];
  for (const line of eachLine(fs, fd, from, size)) {
    const text = line.bytes.toString('utf8');
    const event = decodeLine(text);
    if (isInvalid(event) || !isIntact(sha256, text)) {
      unreadableLines += 1;
      continue;
    }
    events += 1;
    const runId = runIdOf(event.stream);
    if (runId === undefined) {
      others.set(event.type, (others.get(event.type) ?? 0) + 1);
      continue;
    }
    let run = runs.get(runId);
    if (run === undefined) {
      runsTouched += 1;
      if (runs.size >= KEPT_RUNS) continue;
      run = { vanishes: false, events: 0, acts: 0 };
      runs.set(runId, run);
    }
    run.events += 1;
    if (event.streamVersion === 1) run.vanishes = true;
    // Its intent may stand in a line that nobody can read.
    if (event.type.startsWith('Effect')) run.acts += 1;
  }
  return { runs, others, events, unreadableLines, runsTouched };
};
