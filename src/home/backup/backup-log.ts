/**
 * The log in a backup: one file, however the home has it cut. What is there already is compared byte for byte and
 * only the rest is added; where runs were erased since, it is written anew, so that a backup forgets them too.
 */

import { corruptLogError } from '../../errors.ts';
import { LINE_SUFFIX_LENGTH } from '../../events/codec.ts';
import { failpoint } from '../../failpoint.ts';
import { copyEdited } from '../../log/copy-edited.ts';
import type { Sha256Hex } from '../../log/event-store.ts';
import { nodeFs } from '../../log/file-system.ts';
import { CHUNK_BYTES, readFully, scanChunks } from '../../log/line-reader.ts';
import type { Settled } from '../../log/maintenance.ts';
import { syncDirectory } from '../../log/recover.ts';
import { verifyLog } from '../../log/verify.ts';
import { wholeLog } from '../../log/whole-log.ts';
import { addBlobsIn } from '../blob-references.ts';
import { otherLog } from './backup-place.ts';

const fs = wholeLog(nodeFs);

export type LogSource = {
  readonly path: string;
  readonly settled: Settled;
};

/** What there is of the log in the backup. */
export type LogState = {
  /** Long values that the log names. */
  readonly blobs: ReadonlySet<string>;
  readonly existing: 'none' | 'prefix' | 'erased-since';
  /** Bytes of it that are in the backup already and stay. */
  readonly kept: number;
};

/** @throws {WfError} backup-of-another-log (4): it holds what this log does not */
export async function compareLog(source: LogSource, dir: string): Promise<LogState> {
  const file = `${dir}/logs/events.jsonl`;
  const blobs = new Set<string>();
  const from = fs.openSync(source.path, 'r');
  const copy = fs.existsSync(file) ? fs.openSync(file, 'r') : undefined;
  try {
    const size = copy === undefined ? 0 : fs.fstatSync(copy).size;
    const there = Buffer.allocUnsafe(CHUNK_BYTES);
    let isSame = size <= source.settled.end;
    for (const { bytes, offset } of scanChunks(fs, from, 0, source.settled.end)) {
      addBlobsIn(bytes, blobs);
      if (isSame && copy !== undefined && offset < size) {
        const n = readFully(fs, copy, there, 0, Math.min(bytes.length, size - offset), offset);
        isSame = there.subarray(0, n).equals(bytes.subarray(0, n));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (isSame) return { blobs, existing: size === 0 ? 'none' : 'prefix', kept: size };
    if (!isSameHistory(from, copy as number, size, source.settled.end)) throw otherLog(dir);
    return { blobs, existing: 'erased-since', kept: 0 };
  } finally {
    fs.closeSync(from);
    if (copy !== undefined) fs.closeSync(copy);
  }
}

/** A line's hash covers everything before it but erased data: the same hash at the same place is the same history. */
function isSameHistory(from: number, copy: number, size: number, end: number): boolean {
  const last = lastLineEnd(copy, size);
  if (last > end) return false;
  if (last === 0) return true;
  const suffixes = [from, copy].map((fd) => {
    const suffix = Buffer.alloc(LINE_SUFFIX_LENGTH + 1);
    readFully(fs, fd, suffix, 0, suffix.length, last - suffix.length);
    return suffix;
  });
  return (suffixes[0] as Buffer).equals(suffixes[1] as Buffer);
}

/** After the last newline; 0 when there is none. What follows it is an end that was cut off. */
function lastLineEnd(fd: number, size: number): number {
  for (let to = size; to > 0; ) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const bytes = Buffer.alloc(to - from);
    readFully(fs, fd, bytes, 0, bytes.length, from);
    const at = bytes.lastIndexOf(0x0a);
    if (at !== -1) return from + at + 1;
    to = from;
  }
  return 0;
}

/**
 * Brings the backup's log up to the source and checks every hash of it. A crash leaves a log that is whole up to
 * where it was before at least.
 * @throws {WfError} log-corrupt (65): what was written is not what it should be
 */
export async function writeLog(
  source: LogSource,
  dir: string,
  state: LogState,
  sha256: Sha256Hex,
): Promise<void> {
  const logs = `${dir}/logs`;
  fs.mkdirSync(logs, { recursive: true, mode: 0o700 });
  if (state.existing !== 'erased-since') {
    await append(source, `${logs}/events.jsonl`, state.kept);
    syncDirectory(fs, logs);
    return requireWhole(logs, source.settled, sha256);
  }
  // Aside and checked before it takes the place of one that was good.
  const aside = `${dir}/logs.new`;
  fs.rmSync(aside, { recursive: true, force: true });
  fs.mkdirSync(aside, { recursive: true, mode: 0o700 });
  await append(source, `${aside}/events.jsonl`, 0);
  await requireWhole(aside, source.settled, sha256);
  fs.renameSync(`${aside}/events.jsonl`, `${logs}/events.jsonl`);
  syncDirectory(fs, logs);
  fs.rmSync(aside, { recursive: true, force: true });
}

async function append(source: LogSource, file: string, kept: number): Promise<void> {
  const from = fs.openSync(source.path, 'r');
  const out = fs.openSync(file, 'a', 0o600);
  try {
    await copyEdited(fs, from, out, { from: kept, to: source.settled.end, edits: [] });
    fs.fsyncSync(out);
    failpoint('backup.log.copied');
  } finally {
    fs.closeSync(out);
    fs.closeSync(from);
  }
}

async function requireWhole(logs: string, settled: Settled, sha256: Sha256Hex): Promise<void> {
  const { damage, torn, headSeq, headHash } = await verifyLog(logs, sha256);
  const found = damage ?? torn;
  if (found === undefined && headSeq === settled.seq && headHash === settled.hash) return;
  throw corruptLogError(
    `the backup's log is not what was written: ${found?.reason ?? `it ends at seq ${headSeq}, not ${settled.seq}`}`,
    {
      where: `${logs}/events.jsonl${found === undefined ? '' : `, line ${found.line}`}`,
      hint: 'Run `wf log verify` on the home. If that is good, the disk of the backup is not: use another folder.',
    },
  );
}
