/**
 * What the one pass over the log notes beside its hashes: clocks, types of other versions, lines no writer of ours
 * makes, claims without a run, long values that are missing. Memory is bounded, whatever the log's length.
 */
import type { BlobRef, StoredEvent } from '../../events/envelope.ts';
import { familyOf, runIdOf } from '../../events/streams.ts';
import { schemaVersionOf } from '../../events/types.ts';
import { isErased } from '../../events/upcast.ts';
import { textsOf } from './blob-refs.ts';
import { EVENT_FAMILIES } from './event-families.ts';

export type Place = { readonly seq: number; readonly text: string };
/** Counted all, the first few kept. */
export type Noted = { total: number; readonly first: Place[] };
export type PendingClaim = {
  readonly workflowId: string;
  readonly key: string;
  readonly runId: string;
  readonly runVersion: number;
  readonly ts: string;
};

export type SurveyOptions = {
  /** Size of a blob in bytes; null when it is missing. */
  readonly blobSize: (hash: string) => number | null;
  /** Streams of runs that are being erased: their long values go before their lines do. */
  readonly erasing?: ReadonlySet<string>;
  /** Why the event's data is not as its schema says; undefined when it is. Only for a deep look. */
  readonly wrongData?: (event: StoredEvent) => string | undefined;
};

const KEPT = 5;
/** A step back that no adjustment of a healthy clock makes. */
const BACK_MS = 120_000;
/** Streams whose last version is remembered; what was not touched for longer is not judged. */
const STREAMS = 25_000;
const BLOBS = 10_000;
const CLAIMS = 10_000;

const noted = (): Noted => ({ total: 0, first: [] });

export class LogSurvey {
  readonly foreign = noted();
  readonly odd = noted();
  readonly clockBack = noted();
  readonly missingBlobs = noted();
  /** Of the newest time in the log, and of its last line. */
  newestTs = '';
  lastId = '';
  readonly #options: SurveyOptions;
  /** Two generations: forgetting the older one costs nothing on the way. */
  #versions = new Map<string, number>();
  #olderVersions = new Map<string, number>();
  readonly #claims = new Map<string, PendingClaim>();
  readonly #blobs = new Set<string>();
  #previousTs = '';
  #lastSeq = 0;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** Events in the order of the log; one that is shown again, by a second look at its line, counts once. */
  see(event: StoredEvent): void {
    if (event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    this.#seeTime(event);
    this.#seeVersion(event);
    const known = schemaVersionOf(event.type);
    if (known === undefined || event.schemaVersion > known) {
      note(this.foreign, event, `${event.type} version ${event.schemaVersion}`);
      return;
    }
    const family = familyOf(event.stream);
    if (EVENT_FAMILIES[event.type] !== family)
      note(this.odd, event, `${event.type} stands in stream ${event.stream}`);
    if (isErased(event.data)) return;
    const wrong = this.#options.wrongData?.(event);
    if (wrong !== undefined) note(this.odd, event, `${event.type}: ${wrong}`);
    if (family === 'key') this.#seeClaim(event);
    if (family === 'run') this.#seeRun(event);
    for (const text of textsOf(event)) this.#seeText(event, text);
  }

  /** Claims whose run was not begun, or not resumed, by the end of the log. */
  get pendingClaims(): readonly PendingClaim[] {
    return [...this.#claims.values()];
  }

  #seeTime(event: StoredEvent): void {
    const { ts } = event;
    // ISO times of one form sort as they are.
    if (ts < this.#previousTs) {
      const backMs = Date.parse(this.#previousTs) - Date.parse(ts);
      if (backMs > BACK_MS) note(this.clockBack, event, `from ${this.#previousTs} to ${ts}`);
    }
    if (ts > this.newestTs) this.newestTs = ts;
    this.#previousTs = ts;
    this.lastId = event.id;
  }

  #seeVersion(event: StoredEvent): void {
    const { stream, streamVersion } = event;
    const before = this.#versionOf(stream);
    if (before !== undefined && streamVersion !== before + 1)
      note(this.odd, event, `version ${streamVersion} of ${stream} follows version ${before}`);
    this.#versions.set(stream, streamVersion);
    if (this.#versions.size < STREAMS) return;
    this.#olderVersions = this.#versions;
    this.#versions = new Map();
  }

  #versionOf(stream: string): number | undefined {
    return this.#versions.get(stream) ?? this.#olderVersions.get(stream);
  }

  #seeClaim(event: StoredEvent): void {
    if (event.type !== 'KeyClaimed') return;
    const { workflowId, key, runId, runVersion } = event.data as Omit<PendingClaim, 'ts'>;
    if ((this.#versionOf(`run/${runId}`) ?? 0) > runVersion) return;
    this.#claims.set(runId, { workflowId, key, runId, runVersion, ts: event.ts });
    if (this.#claims.size > CLAIMS) forgetOldest(this.#claims);
  }

  #seeRun(event: StoredEvent): void {
    if (this.#claims.size === 0) return;
    const runId = runIdOf(event.stream) ?? '';
    const claim = this.#claims.get(runId);
    if (claim !== undefined && event.streamVersion > claim.runVersion) this.#claims.delete(runId);
  }

  #seeText(event: StoredEvent, { blob, bytes }: BlobRef): void {
    if (this.#blobs.has(blob) || this.#options.erasing?.has(event.stream) === true) return;
    const size = this.#options.blobSize(blob);
    if (size === bytes) {
      this.#blobs.add(blob);
      if (this.#blobs.size > BLOBS) this.#blobs.clear();
      return;
    }
    const what = size === null ? 'is missing' : `has ${size} bytes, not ${bytes}`;
    note(this.missingBlobs, event, `blobs/${blob} of ${event.stream} ${what}`);
  }
}

function note(where: Noted, event: StoredEvent, text: string): void {
  where.total += 1;
  if (where.first.length < KEPT) where.first.push({ seq: event.seq, text });
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
