/** How far the log is known to be on disk, as `index.db` remembers it; looked up without changing or making the file. */

const fs = process.getBuiltinModule('node:fs');

/** 0 where there is no index, or none that can be read: the log's own lines still say how far they go. */
export function durableMarkOf(indexDb: string): number {
  if (!fs.existsSync(indexDb)) return 0;
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  try {
    const db = new DatabaseSync(indexDb, { readOnly: true });
    try {
      const rows = db.prepare("SELECT key, value FROM meta WHERE key IN ('durableMark', 'checkpoint')").all();
      // A checkpoint is committed only for what is on disk.
      return Math.max(0, ...rows.map(({ key, value }) => seqIn(String(key), String(value))));
    } finally {
      db.close();
    }
  } catch {
    return 0;
  }
}

const seqIn = (key: string, value: string): number =>
  Number(key === 'checkpoint' ? (JSON.parse(value) as { seq?: unknown }).seq : value) || 0;
