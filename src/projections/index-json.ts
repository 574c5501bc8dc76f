/**
 * The bytes of `state/index.json`: the newest finished run of each key, for people and scripts. Bounded, because it
 * is rewritten with every finished run; the whole map is in `index.db`, where lookups go.
 */

/** Keys listed at most. */
export const INDEX_JSON_LIMIT = 1_000;

export type IndexMap = {
  /** `"label": "runId"` pairs as JSON, joined by {@link INDEX_JSON_JOINT}: the database writes them in one go. */
  readonly pairs: string;
  /** Keys with a finished run, listed or not. */
  readonly total: number;
  /** Seq of the newest completing event; 0 = none yet. */
  readonly asOf: number;
};

export const INDEX_JSON_JOINT = ',\n    ';

export const indexJson = ({ pairs, total, asOf }: IndexMap): string =>
  `{\n  "idempotency": {${pairs === '' ? '' : `\n    ${pairs}\n  `}},\n  "total": ${total},\n  "asOf": ${asOf}\n}\n`;
