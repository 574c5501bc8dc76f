/**
 * What this process knows of the file: how far it is good, what the last line is, where lines begin. Brought up to
 * date before every use, for other processes append too; only under the lock does it repair.
 */
import { decodeLine, GENESIS_HASH, isInvalid, LINE_SUFFIX_LENGTH } from '../events/codec.ts';
import { MAX_LINE_BYTES } from '../events/envelope.ts';
import { failpoint } from '../failpoint.ts';
import type { IndexCheckpoint, Sha256Hex, StreamIndex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { bulkSha256 } from './hash.ts';
import { readFully } from './line-reader.ts';
import { LogFile } from './log-file.ts';
import { corruptAt, endsEarly, setAside, syncedBeyond, writeFully } from './recover.ts';
import { StreamOffsets } from './stream-offsets.ts';
import { type ScanEnd, type ScannedLine, verifiedScan } from './verified-scan.ts';

export type LastLine = { readonly seq: number; readonly id: string | null; readonly hash: string };

export type TailOptions = {
  readonly fs: FileSystem;
  readonly path: string;
  readonly index: StreamIndex | undefined;
  readonly sha256: Sha256Hex;
  /** A name for a set-aside copy. */
  readonly freshName: () => string;
  readonly onNotice: (text: string) => void;
  /** fdatasync; marks the log when it fails. */
  readonly sync: (fd: number) => void;
};

const NO_LINE: LastLine = { seq: 0, id: null, hash: GENESIS_HASH };
/** Above this many bytes it pays to load node:crypto. */
const BULK_BYTES = 256 * 1024;
/** Lines kept in memory before looking whether the index has them by now. */
const TRIM_ABOVE_LINES = 4096;
/** Looks before a reader believes in damage: a repair or an append in another process may be half seen. */
const LOOKS = 3;

/** Only the place: the event's data is not kept. */
const placeOf = ({ seq, id, hash }: LastLine): LastLine => ({ seq, id, hash });

export class LogTail {
  readonly #options: TailOptions;
  readonly #offsets = new StreamOffsets();
  readonly #file: LogFile;
  /** How far the index is relied on; 0 = not at all. */
  #indexedSeq = 0;
  #distrusted = false;
  #missingNewline = false;

  last: LastLine = NO_LINE;
  /** First byte after the last good line. */
  end = 0;
  /** Greatest seq known to be on disk. */
  durableSeq = 0;
  /** The index exists and does not belong to this log as it is. */
  indexMismatch = false;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#file = new LogFile(options.fs, options.path);
  }

  get fd(): number | undefined {
    return this.#file.fd;
  }

  get #index(): StreamIndex | undefined {
    return this.#distrusted ? undefined : this.#options.index;
  }

  /** For a reader: never writes, takes what is good, ignores an unfinished end. @throws log-corrupt (65), io (74) */
  refresh(): void {
    for (let look = 1; ; look++) {
      const size = this.#open();
      if (size === undefined || this.#isUpToDate(size)) return;
      const failure = this.#problem(this.#scan(), false);
      if (failure === undefined) break;
      if (look === LOOKS) throw failure;
      this.#reset();
    }
    this.#trim();
  }

  /** For the holder of the lock: afterwards the file ends with a good line and its newline. */
  refreshAndRepair(): void {
    this.#file.becomeWritable();
    const size = this.#open();
    if (size !== undefined && !this.#isUpToDate(size)) {
      const failure = this.#problem(this.#scan(), true);
      if (failure !== undefined) throw failure;
    }
    this.#addNewline();
    this.#trim();
  }

  headOf(stream: string): number {
    return this.#offsets.headOf(stream, this.#usedIndex());
  }

  /** Offsets of a stream's lines, versions inclusive. An index that lacks some is not used again. */
  offsetsOf(stream: string, from: number, to: number): readonly number[] {
    const found = this.#offsets.find(stream, from, to, this.#usedIndex());
    if (found !== undefined) return found;
    this.distrustIndex();
    return this.#offsets.find(stream, from, to, undefined) ?? [];
  }

  /** The index pointed to a wrong line: the log is scanned instead, and the projector should rebuild. */
  distrustIndex(): void {
    this.#distrusted = true;
    this.#reset();
    this.indexMismatch = true;
    this.refresh();
  }

  /** Up to here the file's bytes are lines that stay: what follows may be unfinished. */
  get settledEnd(): number {
    return this.end - (this.#missingNewline ? 1 : 0);
  }

  get usesIndex(): boolean {
    return this.#usedIndex() !== undefined;
  }

  /** Takes over lines this process has just written at `end`. */
  wrote(lines: readonly { stream: string; version: number; bytes: number }[], last: LastLine): void {
    for (const line of lines) {
      this.#offsets.add(line.stream, line.version, this.end);
      this.end += line.bytes;
    }
    this.last = last;
  }

  close(): void {
    this.#file.close();
    this.#reset();
  }

  #usedIndex(): StreamIndex | undefined {
    return this.#indexedSeq > 0 ? this.#index : undefined;
  }

  /** Size of the file at the path now; undefined when there is none. */
  #open(): number | undefined {
    const opened = this.#file.open(() => {
      this.#reset();
      if (this.durableSeq > 0) throw endsEarly(this.#options.path, 0, 0, this.durableSeq);
    });
    const indexWentBack = (this.#index?.checkpoint()?.seq ?? 0) < this.#indexedSeq;
    if (opened !== undefined && (opened.replaced || indexWentBack)) this.#reset();
    return opened?.size;
  }

  /** Forgets everything but the index's checkpoint, if its line is still where it says. */
  #reset(): void {
    this.#offsets.clear();
    this.#missingNewline = false;
    const checkpoint = this.#index?.checkpoint() ?? null;
    const line = checkpoint === null ? undefined : this.#lineOf(checkpoint);
    this.indexMismatch = this.#distrusted || (checkpoint !== null && line === undefined);
    this.#indexedSeq = line?.seq ?? 0;
    this.last = line ?? NO_LINE;
    this.end = line === undefined || checkpoint === null ? 0 : checkpoint.endOffset;
    // A checkpoint is committed only for what is on disk: a file that ends before it has lost something.
    const known = checkpoint !== null && this.#endsBefore(checkpoint) ? checkpoint.seq : this.#indexedSeq;
    this.#raiseMark(Math.max(known, this.#options.index?.durableMark() ?? 0));
  }

  /** The last line's newline may be missing. Of another log as long, or longer, the index is merely not used. */
  #endsBefore({ endOffset }: IndexCheckpoint): boolean {
    const { fd } = this;
    return (fd === undefined ? 0 : this.#options.fs.fstatSync(fd).size) < endOffset - 1;
  }

  #lineOf(checkpoint: IndexCheckpoint): LastLine | undefined {
    const { fd } = this;
    if (fd === undefined) return undefined;
    const bytes = Buffer.alloc(Math.min(checkpoint.endOffset - checkpoint.lineOffset, MAX_LINE_BYTES + 1));
    readFully(this.#options.fs, fd, bytes, 0, bytes.length, checkpoint.lineOffset);
    if (bytes.at(-1) !== 0x0a) return undefined;
    const event = decodeLine(bytes.toString('utf8'));
    if (isInvalid(event) || event.hash !== checkpoint.hash || event.seq !== checkpoint.seq) return undefined;
    this.#raiseMark(event.synced ?? 0);
    return placeOf(event);
  }

  #raiseMark(seq: number): void {
    this.durableSeq = Math.max(this.durableSeq, seq);
  }

  /** Nothing new, and what is known still stands: a failed write that was taken back may have been seen. */
  #isUpToDate(size: number): boolean {
    const known = this.end - (this.#missingNewline ? 1 : 0);
    if (!this.#lastLineStands(size)) {
      this.#reset();
      return false;
    }
    return size === known && (this.last.seq > 0 || size === 0) && this.last.seq >= this.durableSeq;
  }

  #lastLineStands(size: number): boolean {
    const { fd } = this;
    if (fd === undefined || this.last.seq === 0) return true;
    const lineEnd = this.end - 1;
    if (size < lineEnd) return false;
    const suffix = Buffer.allocUnsafe(LINE_SUFFIX_LENGTH + 1);
    const n = readFully(this.#options.fs, fd, suffix, 0, suffix.length, lineEnd - LINE_SUFFIX_LENGTH);
    const text = suffix.toString('latin1', 0, n);
    const complete = n === suffix.length ? text.endsWith('\n') : this.#missingNewline;
    if (complete && n === suffix.length) this.#missingNewline = false;
    return complete && text.startsWith(`,"hash":"${this.last.hash}"}`);
  }

  #scan(): ScanEnd & { readonly size: number } {
    const { fs } = this.#options;
    const fd = this.fd as number;
    // Read before the size is: a mark that is set meanwhile speaks of lines this look may not see.
    this.#raiseMark(this.#options.index?.durableMark() ?? 0);
    const size = fs.fstatSync(fd).size;
    const sha256 = size - this.end > BULK_BYTES ? bulkSha256() : this.#options.sha256;
    const lines = verifiedScan(fs, fd, this.end, size, this.last, sha256);
    for (let step = lines.next(); ; step = lines.next()) {
      if (step.done === true) {
        this.#missingNewline = step.value.missingNewline;
        return { ...step.value, size };
      }
      for (const line of step.value) this.#take(line);
    }
  }

  #take(line: ScannedLine): void {
    this.#offsets.addLine(line);
    this.last = placeOf(line.event);
    this.end = line.endOffset;
    this.#raiseMark(line.event.synced ?? 0);
  }

  /** Judges where the scan ended; the holder of the lock sets aside what was never on disk. */
  #problem(found: ScanEnd & { readonly size: number }, repair: boolean): Error | undefined {
    const { fs, path, sha256 } = this.#options;
    const { stop, size } = found;
    const fd = this.fd as number;
    if (stop === undefined) {
      return this.durableSeq > this.last.seq
        ? endsEarly(path, this.last.seq, this.end, this.durableSeq)
        : undefined;
    }
    this.#raiseMark(stop.kind === 'damage' ? syncedBeyond(fs, fd, stop, size, sha256) : 0);
    // What the index has a checkpoint for was on disk, also where the checkpoint's own line is the damaged one.
    this.#raiseMark(this.#options.index?.checkpoint()?.seq ?? 0);
    if (this.durableSeq >= stop.firstLostSeq) return corruptAt(path, stop, this.durableSeq);
    if (!repair) return undefined;
    const notice = setAside(fs, fd, path, stop, size, this.#options.freshName());
    this.#options.sync(fd);
    this.#options.onNotice(notice);
    return undefined;
  }

  /** The last line is whole but for its newline: valid data is never destroyed. */
  #addNewline(): void {
    if (!this.#missingNewline || this.fd === undefined) return;
    try {
      writeFully(this.#options.fs, this.fd, Buffer.from('\n'));
    } catch (error) {
      throw fsFailure(error, 'finish the last line of the log', this.#options.path);
    }
    this.#missingNewline = false;
    failpoint('log.newline.added');
    this.#options.onNotice('added the newline that was missing after the last event of the log');
  }

  #trim(): void {
    if (this.#offsets.size <= TRIM_ABOVE_LINES) return;
    const checkpoint = this.#index?.checkpoint() ?? null;
    if (checkpoint === null || checkpoint.seq <= this.#indexedSeq || checkpoint.endOffset > this.end) return;
    if (this.#lineOf(checkpoint) === undefined) return;
    this.#offsets.dropBefore(checkpoint.endOffset);
    this.#indexedSeq = checkpoint.seq;
    this.indexMismatch = false;
  }
}
