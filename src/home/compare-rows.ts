/**
 * Rows of two indexes against each other, table by table, inside the database: nothing of either is held in memory,
 * however many rows there are.
 */
import type { IndexDb } from './index-db.ts';
import { FOLDED_TABLES } from './index-schema.ts';

export type RowProblem = {
  /** `state/index.db#<table>/<key>`. */
  readonly path: string;
  readonly problem: 'missing' | 'different' | 'unexpected';
};

/**
 * @param expected a connection that is in no transaction
 * @param foundPath the index it is held against; only read
 */
export function compareRows(expected: IndexDb, foundPath: string): RowProblem[] {
  expected.run('ATTACH DATABASE ? AS found', foundPath);
  try {
    return Object.entries(FOLDED_TABLES).flatMap(([table, order]) =>
      compareTable(expected, table, order.split(', ')),
    );
  } finally {
    expected.exec('DETACH DATABASE found');
  }
}

type Keys = Readonly<Record<string, unknown>>;

function compareTable(index: IndexDb, table: string, keys: readonly string[]): RowProblem[] {
  const columns = index.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', table);
  const same = keys.map((key) => `f."${key}" = e."${key}"`).join(' AND ');
  // Keys are found as their columns compare them; what stands in a row is compared byte for byte.
  const equal = columns.map(({ name }) => `f."${name}" COLLATE BINARY IS e."${name}"`).join(' AND ');
  const chosen = (of: string): string => keys.map((key) => `${of}."${key}"`).join(', ');
  const [first] = keys;
  const wanted = index.all<Keys & { isMissing: number }>(
    `SELECT ${chosen('e')}, f."${first}" IS NULL AS isMissing FROM main.${table} e LEFT JOIN found.${table} f ON ${same}
     WHERE f."${first}" IS NULL OR NOT (${equal}) ORDER BY ${chosen('e')}`,
  );
  const unexpected = index.all<Keys>(
    `SELECT ${chosen('f')} FROM found.${table} f WHERE NOT EXISTS (SELECT 1 FROM main.${table} e WHERE ${same})
     ORDER BY ${chosen('f')}`,
  );
  const path = (row: Keys): string =>
    `state/index.db#${table}/${keys.map((key) => String(row[key])).join('/')}`;
  return [
    ...wanted.map((row): RowProblem => {
      return { path: path(row), problem: row.isMissing === 1 ? 'missing' : 'different' };
    }),
    ...unexpected.map((row): RowProblem => ({ path: path(row), problem: 'unexpected' })),
  ];
}
