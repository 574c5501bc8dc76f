/** Checks the whole log: every line's shape, order, batch and both hashes. It only reads, and needs no index. */
import { GENESIS_HASH } from '../events/codec.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { type UnsaidErasure, unsaidErasure } from './erased-lines.ts';
import type { Sha256Hex } from './event-store.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { provedRanges, type RangeOptions } from './proved-ranges.ts';
import { syncedBeyond } from './recover.ts';
import { readHeader } from './segment-header.ts';
import { type ScanStop, verifiedScan } from './verified-scan.ts';
import { wholeLog } from './whole-log.ts';

const path = process.getBuiltinModule('node:path');

export type VerifyProgress = { readonly events: number; readonly bytes: number; readonly totalBytes: number };

export type VerifyOptions = {
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** What the index knows to be on disk; the lines' own `synced` counts without it. */
  readonly durableMark?: number;
  /** Every good event, and those of a last batch that is not whole: in order, each once. */
  readonly onEvent?: (event: StoredEvent) => void;
  readonly fs?: FileSystem;
  /** For tests: how the log is cut, and by how many threads it is read. */
  readonly ranges?: Omit<RangeOptions, 'sha256'>;
};

export type Damage = { readonly line: number; readonly offset: number; readonly reason: string };

export type VerifyResult = {
  /** Good events, up to the first problem. */
  readonly events: number;
  /** Bytes they take. */
  readonly bytes: number;
  readonly headSeq: number;
  /** Hash of the last good line: noted elsewhere, it proves later that nothing before it was changed. */
  readonly headHash: string;
  /** Events whose data was erased: legal, their hashes cannot be checked. */
  readonly erased: number;
  readonly durableSeq: number;
  /** An unfinished write at the end, never known to be on disk: the next writer sets it aside. */
  readonly torn?: Damage & { readonly bytes: number };
  /** The log is corrupt. */
  readonly damage?: Damage;
  /** The chain holds, but the first line here was erased by nobody who said so. Told only of a log without damage. */
  readonly unsaid?: UnsaidErasure;
};

/** @param dir the home's `logs` directory. A log that does not exist is good and empty. */
export const verifyLog = async (
  dir: string,
  sha256: Sha256Hex,
  options: VerifyOptions = {},
): Promise<VerifyResult> => {
  const onDisk = options.fs ?? nodeFs;
  const fs = wholeLog(onDisk);
  const logPath = path.join(dir, 'events.jsonl');
  const found = { events: 0, bytes: 0, headSeq: 0, headHash: GENESIS_HASH, erased: 0 };
  let durableSeq = options.durableMark ?? 0;
  const end = (stop: ScanStop | undefined, size: number): VerifyResult => {
    const result = { ...found, durableSeq };
    const unsaid = found.erased === 0 || fd === undefined ? undefined : unsaidErasure(fs, fd, found.bytes);
    const whole = unsaid === undefined ? result : { ...result, unsaid };
    if (stop === undefined && durableSeq <= found.headSeq) return whole;
    const {
      badLine: line,
      badOffset: offset,
      reason,
    } = stop ?? {
      badLine: found.headSeq + 1,
      badOffset: found.bytes,
      reason: 'the log ends early',
    };
    if (stop === undefined || durableSeq >= stop.firstLostSeq)
      return { ...result, damage: { line, offset, reason } };
    return { ...whole, torn: { line, offset, reason, bytes: size - stop.cutAt } };
  };
  const fd = openLog(fs, logPath);
  if (fd === undefined) return end(undefined, 0);
  try {
    const size = fs.fstatSync(fd).size;
    const progress = (): void =>
      options.onProgress?.({ events: found.events, bytes: found.bytes, totalBytes: size });
    // Positions in a file and in the log are the same until it is archived; threads know only the file.
    const plain = readHeader(onDisk, fd, logPath) === null ? onDisk : fs;
    let told = 0;
    const tell = options.onEvent;
    const onEvent =
      tell === undefined
        ? undefined
        : (event: StoredEvent): void => {
            if (event.seq <= told) return;
            told = event.seq;
            tell(event);
          };
    const ranges = { sha256, ...(onEvent === undefined ? {} : { onEvent }) };
    for await (const proof of provedRanges(plain, fd, size, { ...ranges, ...options.ranges })) {
      found.events += proof.events;
      found.headSeq = proof.last.seq;
      found.headHash = proof.last.hash;
      found.bytes = proof.end;
      found.erased += proof.erased;
      durableSeq = Math.max(durableSeq, proof.synced);
      if (proof.end === size) continue;
      progress();
      // A long look lets Ctrl-C through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What was not proved is looked at line by line, for the reason; mostly there is nothing.
    const from = { seq: found.headSeq, hash: found.headHash };
    const scan = verifiedScan(fs, fd, found.bytes, size, from, sha256);
    let step = scan.next();
    for (; step.done !== true; step = scan.next()) {
      for (const { event, endOffset, erased } of step.value) {
        found.events++;
        found.headSeq = event.seq;
        found.headHash = event.hash;
        found.bytes = Math.min(endOffset, size);
        if (erased) found.erased++;
        durableSeq = Math.max(durableSeq, event.synced ?? 0);
        onEvent?.(event);
      }
    }
    const { stop } = step.value;
    if (stop?.kind === 'damage') durableSeq = Math.max(durableSeq, syncedBeyond(fs, fd, stop, size, sha256));
    progress();
    return end(stop, size);
  } finally {
    fs.closeSync(fd);
  }
};

const openLog = (fs: FileSystem, logPath: string): number | undefined => {
  try {
    return fs.openSync(logPath, 'r');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw fsFailure(error, 'read the log', logPath);
  }
};
