/** `index.db` as it stands, looked at without changing, making or mending it. */

import { isBusy, isCorrupt } from '../../home/sqlite-errors.ts';
import { type ProjectionCheckpoint, parseCheckpoint } from '../../home/stream-index.ts';
import { PROJECTION_VERSION } from '../../projections/catalogue.ts';

const fs = process.getBuiltinModule('node:fs');

export type IndexLook =
  | { readonly state: 'missing' }
  | { readonly state: 'damaged'; readonly reason: string }
  | { readonly state: 'other-version'; readonly version: number; readonly durableMark: number }
  | {
      readonly state: 'readable';
      /** Null: a rebuild was cut short, or nothing was ever folded. */
      readonly checkpoint: ProjectionCheckpoint | null;
      readonly durableMark: number;
    };

/** Above this SQLite's own look at every page takes seconds. */
const LARGE_BYTES = 256 * 1024 * 1024;

/** @param deep look at every page, however large it is */
export function lookAtIndex(file: string, deep: boolean): IndexLook {
  const bytes = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return { state: 'missing' };
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      return look(db, deep || bytes < LARGE_BYTES);
    } finally {
      db.close();
    }
  } catch (error) {
    if (isCorrupt(error)) return { state: 'damaged', reason: (error as Error).message };
    // Just being made: as good as not there yet.
    if (isBusy(error) || /no such table/.test((error as Error).message)) return { state: 'missing' };
    throw error;
  }
}

type Database = InstanceType<typeof import('node:sqlite').DatabaseSync>;

function look(db: Database, everyPage: boolean): IndexLook {
  // One snapshot: what is read belongs together.
  db.exec('BEGIN');
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version === 0) return { state: 'missing' };
  if (everyPage) {
    const reason = String(db.prepare('PRAGMA quick_check(1)').get()?.quick_check ?? 'ok');
    if (reason !== 'ok') return { state: 'damaged', reason };
  }
  const meta = (key: string): string | null =>
    (db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.value as string | undefined) ?? null;
  const checkpoint = parseCheckpoint(meta('checkpoint'));
  // A checkpoint is committed only for what is on disk.
  const durableMark = Math.max(Number(meta('durableMark') ?? 0) || 0, checkpoint?.seq ?? 0);
  if (version !== PROJECTION_VERSION || (checkpoint !== null && checkpoint.projectionVersion !== version))
    return { state: 'other-version', version, durableMark };
  return { state: 'readable', checkpoint, durableMark };
}

export const durableMarkIn = (look: IndexLook): number => ('durableMark' in look ? look.durableMark : 0);
