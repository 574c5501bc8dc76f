/**
 * What every recorded event carries around its data. The field names and their order on a line are frozen:
 * homes written by the first release must open for ever (docs/decisions/001).
 */

/** Position of an event in the whole log: 1, 2, 3 …; the only order there is. */
export type Seq = number & { readonly __seq: true };
export const seq = (value: number): Seq => value as Seq;

/** Who asked, what caused it, and under which ownership; all optional. */
export type Meta = {
  /** Who caused the event: `user`, `engine`, `agent:<name>` …; free text, for people. */
  readonly actor?: string;
  /** Id of the event or command this one follows from. */
  readonly cause?: string;
  /** Fencing token: streamVersion of the RunLeased event the writer acted under. */
  readonly epoch?: number;
  /** For imported facts: when it really happened (ISO 8601). `ts` stays the time of the append. */
  readonly occurredAt?: string;
  /** Id of an outside trace this belongs to. */
  readonly trace?: string;
};

/** An event as decided, before the log has given it its place. */
export type NewEvent = {
  readonly type: string;
  readonly data: object;
  readonly meta?: Meta;
};

/** An event as it stands in the log. */
export type StoredEvent<E extends { readonly type: string; readonly data: object } = NewEvent> = {
  readonly seq: Seq;
  readonly id: string;
  /** ISO 8601 with milliseconds, UTC: the time of the append. For people; `seq` orders. */
  readonly ts: string;
  readonly stream: string;
  /** 1, 2, 3 … within the stream. */
  readonly streamVersion: number;
  readonly type: E['type'];
  readonly schemaVersion: number;
  /** One ulid per append: makes a retry of the same append recognisable. */
  readonly commit: string;
  /** `[i, n]`, 1-based, only when the append has n > 1 events. An incomplete last batch is as if never written. */
  readonly batch?: readonly [number, number];
  /** The greatest seq its writer knew to be on disk. */
  readonly synced?: number;
  readonly meta?: Meta;
  /** SHA-256 (hex) of the bytes of `data` as they stand on the line. */
  readonly dataHash: string;
  readonly data: E['data'];
  /** SHA-256 (hex) of the previous line's hash and this line through `dataHash`. */
  readonly hash: string;
};

/** A value too long for a line: kept in `blobs/<sha256>`, synced before the event that names it. */
export type BlobRef = {
  readonly blob: string;
  /** UTF-8 length of the whole value. */
  readonly bytes: number;
  /** Its first characters, for lists and logs. */
  readonly preview: string;
};

/** A text in event data: itself, or a reference to a blob when it is above {@link INLINE_LIMIT_BYTES}. */
export type Text = string | BlobRef;

/** Longest string kept inside an event, in UTF-8 bytes; a longer one becomes a blob. */
export const INLINE_LIMIT_BYTES = 32 * 1024;

/** Longest line of the log, in bytes, newline excluded. */
export const MAX_LINE_BYTES = 256 * 1024;

export const isBlobRef = (value: unknown): value is BlobRef =>
  typeof value === 'object' && value !== null && typeof (value as { blob?: unknown }).blob === 'string';

/** What can be shown of a text without reading a blob. */
export const previewOf = (text: Text): string => (typeof text === 'string' ? text : `${text.preview}…`);
