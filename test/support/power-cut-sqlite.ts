/**
 * The real `index.db` beside a disk that may lose power. SQLite reads and writes real files, so the cut is made there:
 * a copy is kept of every commit, and a cut leaves any of them that came after the last sync (WAL with synchronous =
 * NORMAL: consistent, not durable; a checkpoint or a FULL commit is), or no file at all.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexDb } from '../../src/home/index-db.ts';

/** Content of `index.db` and of its WAL; null = no file. */
export type DbState = { readonly main: Buffer; readonly wal: Buffer } | null;

export class CutIndexDb extends IndexDb {
  /** What a cut now may leave. */
  states: DbState[] = [null];
  #full = false;
  #inTransaction = false;

  override exec(sql: string): void {
    super.exec(sql);
    if (sql.includes('synchronous')) this.#full = sql.includes('FULL');
    if (sql.startsWith('BEGIN')) this.#inTransaction = true;
    if (sql === 'COMMIT' || sql === 'ROLLBACK') this.#inTransaction = false;
    if (sql === 'COMMIT' || sql.includes('checkpoint')) this.#committed();
  }

  override run(...args: Parameters<IndexDb['run']>): void {
    super.run(...args);
    if (!this.#inTransaction) this.#committed();
  }

  override recreate(): void {
    super.recreate();
    this.states = [null];
  }

  #committed(): void {
    const now = { main: readFileSync(this.path), wal: readIfThere(`${this.path}-wal`) };
    const before = this.states.at(-1);
    // The main file is written by checkpoints only, and those sync.
    const synced = this.#full || (before != null && !before.main.equals(now.main));
    this.states = synced ? [null, now] : [...(this.states ?? [null]), now];
  }
}

const readIfThere = (path: string): Buffer => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));

/** In memory where there is such a place: thousands of databases are made, and nothing is asked of the real disk. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const folders: string[] = [];
export const removeIndexes = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

/** A file of its own with this content, opened as the next boot does. */
export const openIndex = (state: DbState): CutIndexDb => {
  const folder = mkdtempSync(join(PLACE, 'wf-cut-'));
  folders.push(folder);
  const path = join(folder, 'index.db');
  if (state !== null) {
    writeFileSync(path, state.main, { mode: 0o600 });
    if (state.wal.length > 0) writeFileSync(`${path}-wal`, state.wal, { mode: 0o600 });
  }
  const index = new CutIndexDb(path);
  if (state !== null) index.states = [null, state];
  return index;
};

export const closeIndex = (index: IndexDb): void => {
  index.close();
  const folder = join(index.path, '..');
  rmSync(folder, { recursive: true, force: true });
};
