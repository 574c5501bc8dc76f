/**
 * The map of `state/index.json` as this process wrote it last, for who makes many runs: its bytes are the same as
 * those of the query, which otherwise reads a thousand rows for each. As soon as anybody else has written the index,
 * or a pass was taken back, it is read again.
 */
import { INDEX_JSON_JOINT, INDEX_JSON_LIMIT, indexJson } from '../projections/index-json.ts';
import type { IndexDb } from './index-db.ts';
import type { AnswerChange } from './key-rows.ts';

/** Some that are not listed yet are kept: one that goes does not have all of them read again. */
const SPARE = 1_000;

type Entry = { readonly seq: number; readonly pair: string };

export class RememberedMap {
  readonly #index: IndexDb;
  /** The newest entries, oldest first; null = not known. */
  #entries: Entry[] | null = null;
  /** Whether those are all there are. */
  #isWhole = false;
  /** Of the database when they were read: SQLite moves it with every commit of another connection. */
  #dataVersion = 0;

  constructor(index: IndexDb) {
    this.#index = index;
  }

  /** After a rollback, or when the index is another file. */
  forget(): void {
    this.#entries = null;
  }

  /** @param changes all that this connection has made since the last call; call inside its transaction */
  bytes(changes: readonly AnswerChange[]): string {
    const version = this.#index.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
    const isKnown = this.#entries !== null && version === this.#dataVersion && changes.every(this.#take);
    const entries = isKnown && this.#entries !== null ? this.#entries : this.#read();
    this.#dataVersion = version;
    const total =
      this.#index.get<{ n: number }>("SELECT n FROM counters WHERE name = 'keys.finished'")?.n ?? 0;
    const listed = entries.slice(-INDEX_JSON_LIMIT);
    const pairs = listed.map(({ pair }) => pair).join(INDEX_JSON_JOINT);
    return indexJson({ pairs, asOf: listed.at(-1)?.seq ?? 0, total });
  }

  /** Answers whether the entries are still those there are. */
  readonly #take = ({ gone, came }: AnswerChange): boolean => {
    const entries = this.#entries;
    if (entries === null) return false;
    if (gone !== null && !this.#remove(entries, gone)) return false;
    if (came === null) return true;
    // Nearly always the last one; keys of one pass come in no order.
    let at = entries.length;
    while (at > 0 && (entries[at - 1] as Entry).seq > came.seq) at--;
    // Older than all that are kept, which are enough.
    if (at === 0 && !this.#isWhole) return true;
    entries.splice(at, 0, { seq: came.seq, pair: this.#pairOf(came.label, came.runId) });
    if (entries.length > INDEX_JSON_LIMIT + 2 * SPARE) {
      entries.splice(0, SPARE);
      this.#isWhole = false;
    }
    return true;
  };

  #remove(entries: Entry[], seq: number): boolean {
    const at = entries.findIndex((entry) => entry.seq === seq);
    if (at !== -1) entries.splice(at, 1);
    else if (this.#isWhole) return false;
    return this.#isWhole || entries.length >= INDEX_JSON_LIMIT;
  }

  #read(): Entry[] {
    const rows = this.#index.all<Entry>(
      `SELECT seq, json_quote(label) || ': ' || json_quote(runId) AS pair
       FROM idempotency ORDER BY seq DESC LIMIT ?`,
      INDEX_JSON_LIMIT + SPARE,
    );
    this.#entries = rows.reverse();
    this.#isWhole = rows.length < INDEX_JSON_LIMIT + SPARE;
    return this.#entries;
  }

  /** Quoted by the one that quotes all of them. */
  #pairOf(label: string, runId: string): string {
    return (
      this.#index.get<{ pair: string }>("SELECT json_quote(?) || ': ' || json_quote(?) AS pair", label, runId)
        ?.pair ?? ''
    );
  }
}
