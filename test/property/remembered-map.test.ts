/** The map that a process remembers is the one that a query makes, whatever came, went or was written by others. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { count } from '../../src/home/counters.ts';
import { IN_MEMORY, IndexDb } from '../../src/home/index-db.ts';
import { type AnswerChange, indexJsonBytes } from '../../src/home/key-rows.ts';
import { RememberedMap } from '../../src/home/remembered-map.ts';
import { propertyRuns } from '../support/property-runs.ts';

const insert = (index: IndexDb, seq: number, label: string): AnswerChange['came'] => {
  index.run(
    'INSERT INTO idempotency (seq, label, runId, workflowId, key, stream) VALUES (?, ?, ?, ?, ?, ?)',
    ...[seq, label, `run-${seq}`, 'w', label, `key/${label}`],
  );
  return { seq, label, runId: `run-${seq}` };
};

/** Where the list begins to be cut, where the spare entries end, and where they are thinned out. */
const sizes = fc.constantFrom(0, 1, 998, 1_000, 1_999, 2_001, 2_998, 3_100);
const step = fc.record({
  what: fc.constantFrom('new', 'again', 'gone', 'older', 'foreign', 'forget'),
  pick: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

test.prop([sizes, fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 12 })], {
  numRuns: propertyRuns(25),
})('the map in state/index.json is the same whether it was remembered or read', (size, passes) => {
  const index = new IndexDb(IN_MEMORY);
  const map = new RememberedMap(index);
  let next = 0;
  /** Every other seq stays free, for a run that answers again. */
  const fresh = (): number => (next += 2);
  for (let i = 0; i < size; i++) insert(index, fresh(), `k"${i}\u00e4`);
  if (size > 0) count(index, 'keys.finished', size);
  for (const pass of passes) {
    const changes: AnswerChange[] = [];
    for (const { what, pick } of pass) {
      const rows = index.all<{ seq: number; label: string }>('SELECT seq, label FROM idempotency');
      const row = rows[Math.floor(pick * rows.length)];
      if (what === 'forget') map.forget();
      else if (what === 'new') {
        const seq = fresh();
        changes.push({ gone: null, came: insert(index, seq, `new ${seq}`) });
        count(index, 'keys.finished', 1);
      } else if (row !== undefined) {
        index.run('DELETE FROM idempotency WHERE seq = ?', row.seq);
        if (what === 'foreign') map.forget();
        const seq = what === 'again' ? fresh() : what === 'older' ? row.seq - 1 : 0;
        const isFree = index.get('SELECT 1 FROM idempotency WHERE seq = ?', seq) === undefined;
        const came = seq > 0 && isFree ? insert(index, seq, row.label) : null;
        if (came === null) count(index, 'keys.finished', -1);
        if (what !== 'foreign') changes.push({ gone: row.seq, came });
      }
    }
    expect(map.bytes(changes)).toBe(indexJsonBytes(index));
  }
  index.close();
});
