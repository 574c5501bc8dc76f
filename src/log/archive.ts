/**
 * Closes a part of the log: it is copied to a file of its own, checked there, and the rest takes the log's name. The
 * events that are closed stand in two files for a while; which one counts is said by the first line of `events.jsonl`
 * alone, and that changes with one rename. A crash anywhere leaves the log as it was before or after.
 */

import { corruptLogError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { copyEdited, copyEditedNow } from './copy-edited.ts';
import type { Sha256Hex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { headerOfFile } from './log-files.ts';
import { syncDirectory, writeFully } from './recover.ts';
import { encodeHeader, type FileHeader, type SegmentOpened } from './segment-header.ts';
import { allSegments, CLOSED_MODE, SEGMENTS_DIR, segmentName } from './segments.ts';
import { verifiedScan } from './verified-scan.ts';

/** The last event that is closed: the end of a whole batch, on disk. */
export type ArchiveCut = {
  readonly seq: number;
  readonly hash: string;
  /** Position in the whole log after it, in bytes. */
  readonly end: number;
};

export type Closed = {
  readonly file: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
};

export type ArchiveTarget = {
  readonly fs: FileSystem;
  readonly dir: string;
  readonly logFile: string;
  /** Up to here the log's bytes stay as they are. */
  readonly settledEnd: number;
  readonly sha256: Sha256Hex;
  /** Runs the action while nobody can append. */
  readonly replacing: (action: () => void) => Promise<void>;
};

/** The open file in the making; a crash leaves it behind, and the next archiving makes it anew. */
export const archivingPath = (logFile: string): string => `${logFile}.archiving`;

/** @throws {WfError} io (74), log-corrupt (65); the log is as it was then */
export const archiveLog = async (target: ArchiveTarget, cut: ArchiveCut): Promise<Closed> => {
  const { logFile } = target;
  try {
    for (;;) {
      const closed = await archiveOnce(target, cut);
      // A repair has put another file in its place meanwhile.
      if (closed !== 'replaced') return closed;
    }
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error) throw error;
    throw fsFailure(error, 'close a part of the log', logFile);
  }
};

const archiveOnce = async (target: ArchiveTarget, cut: ArchiveCut): Promise<Closed | 'replaced'> => {
  const { fs, dir, logFile, settledEnd } = target;
  const header = headerOfFile(fs, logFile);
  removeLeftovers(target, header);
  const source = fs.openSync(logFile, 'r');
  const fresh = archivingPath(logFile);
  let out: number | undefined;
  try {
    const inFile = (position: number): number => position - header.globalOffset + header.length;
    const closed = await writeClosed(target, { source, header, to: inFile(cut.end), cut });
    const opened = fs.fstatSync(source);
    out = fs.openSync(fresh, 'wx', 0o600);
    const rest = out;
    writeHeader(fs, rest, { firstSeq: cut.seq + 1, prevHash: cut.hash, globalOffset: cut.end });
    await copyEdited(fs, source, rest, { from: inFile(cut.end), to: inFile(settledEnd), edits: [] });
    // So that little is left to sync while everybody waits.
    fs.fsyncSync(rest);
    let isReplaced = false;
    await target.replacing(() => {
      const now = fs.statSync(logFile, { throwIfNoEntry: false });
      isReplaced = now?.ino !== opened.ino || now.dev !== opened.dev;
      if (isReplaced || now === undefined) return;
      copyEditedNow(fs, source, rest, { from: inFile(settledEnd), to: now.size, edits: [] });
      fs.fsyncSync(rest);
      failpoint('archive.rest.copied');
      // Before it the closed file is a copy that nobody reads, after it the one that counts. Both are on disk.
      fs.renameSync(fresh, logFile);
      failpoint('archive.swapped');
      syncDirectory(fs, dir);
    });
    return isReplaced ? 'replaced' : closed;
  } finally {
    fs.closeSync(source);
    if (out !== undefined) fs.closeSync(out);
  }
};

/** On disk under its name, and every hash of it checked there, before anything else relies on it. */
const writeClosed = async (
  { fs, dir, sha256 }: ArchiveTarget,
  part: {
    readonly source: number;
    readonly header: FileHeader;
    readonly to: number;
    readonly cut: ArchiveCut;
  },
): Promise<Closed> => {
  const { source, header, to, cut } = part;
  const folder = `${dir}/${SEGMENTS_DIR}`;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = `${folder}/${segmentName(header.firstSeq, cut.seq)}`;
  const temporary = `${file}.tmp`;
  const out = fs.openSync(temporary, 'wx', CLOSED_MODE);
  try {
    writeHeader(fs, out, header);
    await copyEdited(fs, source, out, { from: header.length, to, edits: [] });
    fs.fsyncSync(out);
  } finally {
    fs.closeSync(out);
  }
  failpoint('archive.closed.copied');
  requireWhole(fs, temporary, sha256, cut);
  fs.renameSync(temporary, file);
  syncDirectory(fs, folder);
  syncDirectory(fs, dir);
  failpoint('archive.closed.placed');
  return { file, firstSeq: header.firstSeq, lastSeq: cut.seq, bytes: cut.end - header.globalOffset };
};

const writeHeader = (fs: FileSystem, fd: number, { firstSeq, prevHash, globalOffset }: SegmentOpened): void =>
  writeFully(fs, fd, Buffer.from(encodeHeader({ firstSeq, prevHash, globalOffset })));

const requireWhole = (fs: FileSystem, file: string, sha256: Sha256Hex, cut: ArchiveCut): void => {
  const { length, firstSeq, prevHash } = headerOfFile(fs, file);
  const fd = fs.openSync(file, 'r');
  try {
    const scan = verifiedScan(
      fs,
      fd,
      length,
      fs.fstatSync(fd).size,
      { seq: firstSeq - 1, hash: prevHash },
      sha256,
    );
    let last = { seq: 0, hash: '' };
    let step = scan.next();
    for (; step.done !== true; step = scan.next()) last = step.value.at(-1)?.event ?? last;
    const { stop } = step.value;
    if (stop === undefined && last.seq === cut.seq && last.hash === cut.hash) return;
    throw corruptLogError(`what was to be closed is damaged: ${stop?.reason ?? 'it ends early'}`, {
      where: `events.jsonl, seq ${stop?.firstLostSeq ?? last.seq}`,
      hint: 'Nothing was changed. Run `wf log verify`.',
    });
  } finally {
    fs.closeSync(fd);
  }
};

/** Copies that no log's first line speaks of: a crash left them, and their events are in the log itself. */
const removeLeftovers = ({ fs, dir, logFile }: ArchiveTarget, { globalOffset }: FileHeader): void => {
  fs.rmSync(archivingPath(logFile), { force: true });
  const folder = `${dir}/${SEGMENTS_DIR}`;
  for (const segment of allSegments(fs, dir))
    if (segment.globalOffset >= globalOffset) fs.rmSync(segment.file, { force: true });
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder))
    if (name.endsWith('.tmp')) fs.rmSync(`${folder}/${name}`, { force: true });
};
