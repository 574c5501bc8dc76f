/** Counts kept beside the rows, so that "how many" never walks a long history. A count of nothing has no row. */
import type { IndexDb } from './index-db.ts';

export function count(index: IndexDb, name: string, by: number): void {
  index.run(
    'INSERT INTO counters (name, n) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n',
    name,
    by,
  );
  // Rebuilt rows would not have it: there it never was more than nothing.
  if (by < 0) index.run('DELETE FROM counters WHERE name = ? AND n = 0', name);
}
