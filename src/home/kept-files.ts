/**
 * Which runs have files: the newest ones by their last event, and whatever somebody still works on or waits for. A
 * function of the log and of one number, so that a rebuild and every way of catching up leave the same files. A run
 * that comes in pushes one out, at the cost of a row: the length of the history does not matter.
 */
import { isArtifact, recordPath, summaryPath, taskPath } from '../projections/run-files.ts';
import type { RunRow } from '../projections/run-row.ts';
import type { FileSink } from './file-sink.ts';
import type { IndexDb } from './index-db.ts';

export type KeptRow = Pick<
  RunRow,
  'runId' | 'firstSeq' | 'lastSeq' | 'status' | 'copyFile' | 'filesExpired'
> & { /** A number in the table. */ readonly artifactsExpired: boolean | number };

/** Runs whose last event is at or after `floor` are the newest ones: `count` of them, `limit` at most. */
type Kept = { readonly limit: number; readonly floor: number; readonly count: number };

const META = 'keptFiles';
const LAST_SEQ = Number.MAX_SAFE_INTEGER;
const COLUMNS = 'runId, firstSeq, lastSeq, status, copyFile, filesExpired, artifactsExpired';

const readKept = (index: IndexDb): Kept | null => {
  const json = index.meta(META);
  return json === null ? null : (JSON.parse(json) as Kept);
};

/** How many runs the projections were made to keep; null = none were made yet. */
export const keptLimit = (index: IndexDb): number | null => readKept(index)?.limit ?? null;

/** The place from which on runs are among the newest ones. */
export const keptFloor = (index: IndexDb): number => readKept(index)?.floor ?? 0;

/** Whether a run has files, as the rows are now. */
export function hasFiles(index: IndexDb, runId: string): boolean {
  const row = index.get<KeptRow>(`SELECT ${COLUMNS} FROM runs WHERE runId = ?`, runId);
  return row !== undefined && new KeptFiles(index, keptLimit(index) ?? 0).has(row);
}

/** Newest runs whose last event is later than `after`, oldest first; those pushed out have no files. */
export const keptSince = (
  index: IndexDb,
  after: number,
  { through, limit }: { readonly through: number; readonly limit: number } = { through: LAST_SEQ, limit: -1 },
): readonly { readonly runId: string; readonly lastSeq: number }[] =>
  index.all(
    'SELECT runId, lastSeq FROM runs WHERE lastSeq >= ? AND lastSeq <= ? ORDER BY lastSeq LIMIT ?',
    Math.max(after + 1, keptFloor(index)),
    through,
    limit,
  );

/**
 * Runs that were pushed out and have files all the same, for somebody works on them or waits for them; with a last
 * event later than `after`, oldest first.
 */
export function neededBelow(
  index: IndexDb,
  after: number,
): readonly { readonly runId: string; readonly lastSeq: number }[] {
  const floor = keptFloor(index);
  if (floor <= after + 1) return [];
  return index.all(
    `SELECT runId, lastSeq FROM runs WHERE status IN ('running', 'waiting') AND lastSeq > ? AND lastSeq < ?
       UNION SELECT r.runId, r.lastSeq FROM tasks t JOIN runs r ON r.runId = t.runId
       WHERE t.status = 'handed_off' AND t.dispatcher = 'manual' AND r.lastSeq > ? AND r.lastSeq < ?
       ORDER BY lastSeq`,
    ...[after, floor, after, floor],
  );
}

export class KeptFiles {
  readonly #index: IndexDb;
  readonly #before: Kept | null;
  readonly #limit: number;
  #floor: number;
  #count: number;

  /** @param limit runs that keep their files */
  constructor(index: IndexDb, limit: number) {
    this.#index = index;
    this.#before = readKept(index);
    this.#limit = limit;
    this.#floor = this.#before?.floor ?? 0;
    this.#count = this.#before?.count ?? 0;
  }

  /**
   * For a long way to go: it is known already that everything before this place will have been pushed out at its end,
   * so that its files need not be made first. Answers those that have files now and will have none.
   */
  raiseFloor(floor: number): readonly KeptRow[] {
    if (floor <= this.#floor) return [];
    const out = this.#between(this.#floor, floor);
    this.#floor = floor;
    this.#count = this.#countNewest();
    return out;
  }

  /** The number was changed. Answers runs that shall have files again; who is out is told by {@link pushOut}. */
  settleLimit(): readonly KeptRow[] {
    if (this.#before === null || this.#limit <= this.#before.limit) return [];
    const row = this.#index.get<{ lastSeq: number }>(
      'SELECT lastSeq FROM runs ORDER BY lastSeq DESC LIMIT 1 OFFSET ?',
      this.#limit - 1,
    );
    const before = this.#floor;
    this.#floor = row?.lastSeq ?? 0;
    this.#count = this.#countNewest();
    return this.#between(this.#floor, before);
  }

  /** Whether it is one of the newest. */
  isNew({ lastSeq }: Pick<RunRow, 'lastSeq'>): boolean {
    return lastSeq >= this.#floor;
  }

  /** A run's row was written. */
  enter(row: KeptRow, before: Pick<RunRow, 'lastSeq'> | undefined): void {
    const wasIn = before !== undefined && this.isNew(before);
    if (row.lastSeq >= this.#floor && !wasIn) this.#count += 1;
  }

  /** Moves the floor up until it fits; answers the runs that it passed and that nobody waits for. */
  *pushOut(): Generator<KeptRow> {
    while (this.#count > this.#limit) {
      const oldest = this.#index.get<KeptRow>(
        `SELECT ${COLUMNS} FROM runs WHERE lastSeq >= ? ORDER BY lastSeq LIMIT 1`,
        this.#floor,
      );
      if (oldest === undefined) return;
      this.#floor = oldest.lastSeq + 1;
      this.#count -= 1;
      if (!this.#isNeeded(oldest)) yield oldest;
    }
  }

  /** Runs without files: whose place was passed since, or that were given up by a later event than `gone`. */
  droppedSince(floor: number, gone: number): readonly KeptRow[] {
    const expired = this.#index.all<KeptRow>(`SELECT ${COLUMNS} FROM runs WHERE filesExpired > ?`, gone);
    return [...this.#between(floor, this.#floor), ...expired];
  }

  has(row: KeptRow): boolean {
    return row.filesExpired === null && (row.lastSeq >= this.#floor || this.#isNeeded(row));
  }

  save(): void {
    const kept: Kept = { limit: this.#limit, floor: this.#floor, count: this.#count };
    const before = this.#before;
    if (before?.limit === kept.limit && before.floor === kept.floor && before.count === kept.count) return;
    this.#index.setMeta(META, JSON.stringify(kept));
  }

  /** Without files, and with a last event in the range; `from` inclusive, `to` exclusive. */
  #between(from: number, to: number): readonly KeptRow[] {
    return this.#index
      .all<KeptRow>(`SELECT ${COLUMNS} FROM runs WHERE lastSeq >= ? AND lastSeq < ?`, from, to)
      .filter((row) => !this.#isNeeded(row));
  }

  #countNewest(): number {
    return (
      this.#index.get<{ n: number }>('SELECT count(*) AS n FROM runs WHERE lastSeq >= ?', this.#floor)?.n ?? 0
    );
  }

  /** Somebody is at work on it or is asked about it; a brief that nobody has reported to is a question too. */
  #isNeeded({ runId, status }: Pick<KeptRow, 'runId' | 'status'>): boolean {
    if (status === 'running' || status === 'waiting') return true;
    return (
      status === 'handed_off' &&
      this.#index.get(
        "SELECT 1 FROM tasks WHERE runId = ? AND dispatcher = 'manual' AND status = 'handed_off'",
        runId,
      ) !== undefined
    );
  }
}

/** Copies of the summary stay where they were delivered, except below `outbox/`, where everything is ours. */
export function dropFiles(index: IndexDb, sink: FileSink, row: KeptRow): void {
  sink.own(recordPath(row.runId), null);
  sink.own(summaryPath(row.runId), null);
  for (const { taskId } of index.all<{ taskId: string }>(
    'SELECT taskId FROM tasks WHERE runId = ?',
    row.runId,
  ))
    sink.own(taskPath(taskId), null);
  if (row.copyFile === null) return;
  if (row.artifactsExpired && isArtifact(row.copyFile, row.runId)) sink.copy(row.copyFile, null);
  else sink.dropCopy(row.copyFile);
}
