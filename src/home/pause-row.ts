/** Whether a stream's scope is paused, by its row: apart from what writes the row, for every run asks this. */
import type { Pause } from '../projections/pause-state.ts';
import type { IndexDb } from './index-db.ts';

/** As far as the index reaches. */
export const pauseRow = (index: IndexDb, stream: string): Pause | null => {
  const row = index.get<{ json: string }>('SELECT json FROM pauses WHERE stream = ?', stream);
  return row === undefined ? null : (JSON.parse(row.json) as Pause);
};
