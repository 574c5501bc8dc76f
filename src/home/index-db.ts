/**
 * `state/index.db`: keyed lookups and lists, folded from the log. It is a projection: whatever is wrong with it, it
 * is made anew and filled again, and nothing is lost. It stays open until the process ends, for closing costs more
 * than all its queries.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { ioError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { PROJECTION_VERSION } from '../projections/catalogue.ts';
import { errorCode } from './file-errors.ts';
import { SCHEMA } from './index-schema.ts';
import { isBusy, isCorrupt, isSqliteError } from './sqlite-errors.ts';

const fs = process.getBuiltinModule('node:fs');

/** Blocking wait inside SQLite; longer waits are ours, and asynchronous. */
const BUSY_TIMEOUT_MS = 20;
const OPEN_TRIES = 250;

/** Instead of a path: an index of this process alone, which vanishes with it. */
export const IN_MEMORY = ':memory:';

/** Where rows are read from: the index, or its file opened in another way. */
export type Rows = Pick<IndexDb, 'get' | 'all'>;

export class IndexDb {
  readonly path: string;
  /** What became of the rows there were, where it was this process that found them unusable. */
  lost = 'was missing';
  readonly #onLost = (how: string): void => {
    this.lost = how;
  };
  #db: DatabaseSync;
  #inode: number;
  #statements = new Map<string, StatementSync>();

  /** @throws {WfError} io (74) when it can neither be opened nor made anew */
  constructor(path: string) {
    this.path = path;
    this.#db = open(path, this.#onLost);
    this.#inode = inodeOf(path);
  }

  get<T>(sql: string, ...params: SQLInputValue[]): T | undefined {
    return this.#statement(sql).get(...params) as T | undefined;
  }

  all<T>(sql: string, ...params: SQLInputValue[]): T[] {
    return this.#statement(sql).all(...params) as T[];
  }

  *each<T>(sql: string, ...params: SQLInputValue[]): Generator<T> {
    // Not from the cache: the statement is in use until the walk ends.
    yield* this.#db.prepare(sql).iterate(...params) as Iterable<T>;
  }

  run(sql: string, ...params: SQLInputValue[]): void {
    this.#statement(sql).run(...params);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  meta(key: string): string | null {
    return this.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value ?? null;
  }

  setMeta(key: string, value: string | null): void {
    if (value === null) this.run('DELETE FROM meta WHERE key = ?', key);
    else this.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
  }

  /** Somebody removed or replaced the file while it was open here: what stands at the path counts. */
  reopenIfReplaced(): boolean {
    if (this.#inode !== 0 && inodeOf(this.path) === this.#inode) return false;
    this.#reopen();
    return true;
  }

  /** Throws the file away and begins with empty tables. For a file that SQLite calls corrupt. */
  recreate(): void {
    this.#onLost(DAMAGED);
    this.#forget();
    remove(this.path);
    this.#db = open(this.path, this.#onLost);
    this.#inode = inodeOf(this.path);
  }

  /** Empties every table, inside the caller's transaction. */
  clearTables(): void {
    this.#statements.clear();
    dropEverything(this.#db);
    this.#db.exec(SCHEMA);
  }

  /** From now on what this connection deletes is overwritten, in the file and in what SQLite copies. */
  overwriteDeleted(): void {
    this.#db.exec('PRAGMA secure_delete = ON');
  }

  /**
   * Makes the file anew from its rows, so that no page and no WAL frame holds what a row once said. Answers false
   * while another process reads or writes: then it is to be tried again.
   */
  tryCompact(): boolean {
    this.#statements.clear();
    try {
      this.#db.exec('VACUUM');
      return this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#forget();
  }

  #reopen(): void {
    this.#forget();
    this.#db = open(this.path, this.#onLost);
    this.#inode = inodeOf(this.path);
  }

  #forget(): void {
    this.#statements.clear();
    try {
      this.#db.close();
    } catch {
      // Already closed, or damaged: either way there is nothing to keep.
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

type OnLost = (how: string) => void;
const DAMAGED = 'was damaged';

function open(path: string, onLost: OnLost): DatabaseSync {
  for (let left = OPEN_TRIES; ; left--) {
    try {
      return tryOpen(path, onLost);
    } catch (error) {
      if (isCorrupt(error) && left > 0) {
        onLost(DAMAGED);
        remove(path);
      } else if (isBusy(error) && left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4);
      else if (isSqliteError(error) || errorCode(error) !== undefined) throw cannotOpen(path, error);
      else throw error;
    }
  }
}

function tryOpen(path: string, onLost: OnLost): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const isNew = path !== IN_MEMORY && makeFile(path);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // WAL is a property of the file; the other two are of this connection.
    if (isNew) db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 250');
    const version = versionOf(db);
    if (version !== PROJECTION_VERSION) {
      if (version !== 0) onLost('was made by another version');
      createTables(db);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite gives its side files the mode of the file itself, so that one is made first, and private. */
function makeFile(path: string): boolean {
  if (fs.existsSync(path)) return false;
  const folder = path.slice(0, path.lastIndexOf('/'));
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    fs.closeSync(fs.openSync(path, 'wx', 0o600));
    failpoint('index.file.made');
  } catch (error) {
    // Another process was faster. Opening the file here by hand would drop that process's locks, if it were us.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  return true;
}

const versionOf = (db: DatabaseSync): number =>
  Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);

/** Under the write lock, and only if nobody else did it meanwhile. The empty `meta` asks for a rebuild. */
function createTables(db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
  try {
    if (versionOf(db) !== PROJECTION_VERSION) {
      dropEverything(db);
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${PROJECTION_VERSION}`);
    }
    db.exec('COMMIT');
    failpoint('index.tables.made');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function dropEverything(db: DatabaseSync): void {
  const rows = db
    .prepare(
      "SELECT type, name FROM sqlite_master WHERE type IN ('table','view') AND name NOT LIKE 'sqlite_%'",
    )
    .all() as { type: string; name: string }[];
  for (const { type, name } of rows) db.exec(`DROP ${type} "${name.replaceAll('"', '""')}"`);
}

function remove(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) fs.rmSync(path + suffix, { force: true });
}

const inodeOf = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.ino ?? 0;

const cannotOpen = (path: string, cause: unknown): Error =>
  ioError('index-unusable', `the index cannot be opened: ${(cause as Error).message}`, {
    where: path,
    hint: 'Check the rights and the free space of the home. The index can be deleted: it is rebuilt from the log.',
    cause,
  });
