/**
 * A quick check of a stretch of the log: it proves lines good, and says nothing about bad ones. What it accepts,
 * `verifiedScan` accepts with the same result (a property test); where it stops, that one goes on and says why.
 * Lines are read as they were written, by position: most need neither a JSON parse nor a text of their own.
 */
import { decodeLine, isInvalid, LINE_SUFFIX_LENGTH, verifyLine } from '../events/codec.ts';
import { MAX_LINE_BYTES, type StoredEvent } from '../events/envelope.ts';
import type { Sha256Hex } from './event-store.ts';
import type { FileSystem } from './file-system.ts';
import { CHUNK_BYTES, readFully } from './line-reader.ts';
import { copyOf, readHead } from './quick-head.ts';
import type { ChainPoint } from './verified-scan.ts';

const { isAscii, isUtf8 } = process.getBuiltinModule('node:buffer');

/** Whole commits: `from` is where one begins, `to` where one ends. `start` is the last event before. */
export type LogRange = { readonly from: number; readonly to: number; readonly start: ChainPoint };

export type RangeProof = {
  /** First byte after the last commit that was proved; less than the range's end when something stopped it. */
  readonly end: number;
  /** The last event that was proved. */
  readonly last: ChainPoint;
  readonly events: number;
  readonly erased: number;
  /** Greatest `synced` of the proved lines, 0 when none has one. */
  readonly synced: number;
};

/** Told of every good line; the commit of the last ones may prove to be no whole one. */
export type OnEvent = (event: StoredEvent) => void;

const NEWLINE = 0x0a;
const HEX = 64;
const HASH = ',"hash":"';
const DATA = ',"data":';
/** Decoded at once. Longer texts live outside V8's young generation, where nobody clears up quickly. */
const PIECE_BYTES = 32 * 1024;
/** Data up to this length is remembered with its hash: much of it says something that was said before. */
const REMEMBERED_CHARS = 96;
const MAX_REMEMBERED = 4_096;

type Line = {
  readonly seq: number;
  readonly hash: string;
  readonly commit: string;
  readonly i: number;
  readonly n: number;
  readonly synced: number;
  readonly erased: boolean;
};

export class RangeProver {
  readonly #sha256: Sha256Hex;
  readonly #onEvent: OnEvent | undefined;
  /** Before the first line there is room for the hash of the line before it. */
  #buffer = Buffer.alloc(0);
  readonly #remembered = new Map<string, string>();

  constructor(sha256: Sha256Hex, onEvent?: OnEvent) {
    this.#sha256 = sha256;
    this.#onEvent = onEvent;
  }

  prove(fs: FileSystem, fd: number, { from, to, start }: LogRange): RangeProof {
    const walk = new Walk(from, start);
    const needed = HEX + Math.min(CHUNK_BYTES + MAX_LINE_BYTES, to - from);
    if (this.#buffer.length < needed) this.#buffer = Buffer.allocUnsafe(needed);
    const buffer = this.#buffer;
    for (let offset = from; offset < to; ) {
      const want = Math.min(buffer.length - HEX, to - offset);
      const filled = HEX + readFully(fs, fd, buffer, HEX, want, offset);
      const end = buffer.lastIndexOf(NEWLINE, filled - 1) + 1;
      if (end <= HEX || !isUtf8(buffer.subarray(HEX, end)) || !this.#proveLines(walk, end)) break;
      offset += end - HEX;
    }
    return walk.proof;
  }

  /** Lines in the buffer up to `end`; false at the first that is not proved. */
  #proveLines(walk: Walk, end: number): boolean {
    for (let at = HEX; at < end; ) {
      const within = this.#buffer.lastIndexOf(NEWLINE, at + PIECE_BYTES);
      const pieceEnd =
        at + PIECE_BYTES >= end ? end : within < at ? this.#buffer.indexOf(NEWLINE, at) + 1 : within + 1;
      if (!this.#provePiece(walk, at, pieceEnd)) return false;
      at = pieceEnd;
    }
    return true;
  }

  #provePiece(walk: Walk, from: number, to: number): boolean {
    const buffer = this.#buffer;
    // A character a byte, so that positions are the same. JSON is valid in the one reading when it is in the other.
    const text = buffer.toString('latin1', from, to);
    const ascii = this.#onEvent !== undefined && isAscii(buffer.subarray(from, to));
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\n', at);
      // The chain's bytes begin with the last hash, for which the line before has no use any more.
      buffer.write(walk.hash, from + at - HEX, HEX, 'latin1');
      const line =
        this.#quick(text, at, end, from, walk.seq + 1) ?? this.#slow(from + at, from + end, walk.hash);
      if (line === undefined || !walk.accept(line, end + 1 - at)) return false;
      if (!this.#tell(ascii ? text.slice(at, end) : buffer.toString('utf8', from + at, from + end)))
        return false;
      at = end + 1;
    }
    return true;
  }

  #tell(line: string): boolean {
    if (this.#onEvent === undefined) return true;
    const event = parsed(line);
    if (event === undefined) return false;
    this.#onEvent(event as StoredEvent);
    return true;
  }

  /** @param base where the text begins in the buffer */
  #quick(text: string, at: number, end: number, base: number, seq: number): Line | undefined {
    const head = readHead(text, at, seq);
    const hashAt = end - LINE_SUFFIX_LENGTH;
    if (head === undefined) return undefined;
    const dataAt = head.end + DATA.length;
    if (dataAt >= hashAt || !text.startsWith(HASH, hashAt) || !text.startsWith('"}', end - 2))
      return undefined;
    const hash = this.#sha256(this.#buffer.subarray(base + at - HEX, base + head.end));
    if (!text.startsWith(hash, hashAt + HASH.length)) return undefined;
    const dataHash = text.slice(head.end - 1 - HEX, head.end - 1);
    if (!this.#isData(text, dataAt, hashAt, base, dataHash)) return undefined;
    const { commit, i, n, synced } = head;
    return { seq, hash, commit, i, n, synced, erased: false };
  }

  #isData(text: string, from: number, to: number, base: number, dataHash: string): boolean {
    const isShort = to - from <= REMEMBERED_CHARS;
    const data = text.slice(from, to);
    if (isShort && this.#remembered.get(data) === dataHash) return true;
    if (this.#sha256(this.#buffer.subarray(base + from, base + to)) !== dataHash) return false;
    // Who is told of the events has the whole line parsed.
    if (this.#onEvent === undefined && parsed(data) === undefined) return false;
    if (!isShort) return true;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(copyOf(data), copyOf(dataHash));
    return true;
  }

  /** Any line that is valid, however it is written. */
  #slow(from: number, to: number, prevHash: string): Line | undefined {
    if (to - from > MAX_LINE_BYTES) return undefined;
    const text = this.#buffer.toString('utf8', from, to);
    const event = decodeLine(text);
    if (isInvalid(event)) return undefined;
    const verified = verifyLine(this.#sha256, prevHash, text);
    if (!verified.ok) return undefined;
    const { seq, hash, commit, synced = 0, batch: [i, n] = [1, 1] } = event;
    return { seq, hash, commit, i, n, synced, erased: verified.erased };
  }
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** How far the proof has come: the last line, and the last whole commit. */
class Walk {
  seq: number;
  hash: string;
  proof: RangeProof;
  #offset: number;
  #open: Line | undefined;
  #erased = 0;
  #synced = 0;

  constructor(from: number, start: ChainPoint) {
    this.seq = start.seq;
    this.hash = start.hash;
    this.#offset = from;
    this.proof = { end: from, last: start, events: 0, erased: 0, synced: 0 };
  }

  /** False when the line is not the next of the log, or of its batch. */
  accept(line: Line, bytes: number): boolean {
    const open = this.#open;
    if (line.seq !== this.seq + 1 || line.i !== (open?.i ?? 0) + 1) return false;
    if (open !== undefined && (open.commit !== line.commit || open.n !== line.n)) return false;
    this.seq = line.seq;
    this.hash = line.hash;
    this.#offset += bytes;
    if (line.erased) this.#erased++;
    if (line.synced > this.#synced) this.#synced = line.synced;
    this.#open = line.i === line.n ? undefined : line;
    if (line.i === line.n) this.#commitEnds();
    return true;
  }

  #commitEnds(): void {
    const { seq, hash } = this;
    const events = this.proof.events + seq - this.proof.last.seq;
    this.proof = {
      end: this.#offset,
      last: { seq, hash },
      events,
      erased: this.#erased,
      synced: this.#synced,
    };
  }
}
