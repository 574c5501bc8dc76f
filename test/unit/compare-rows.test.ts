/** `rebuild-projections --check` sees every row that is not what the log says, and names it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareRows } from '../../src/home/compare-rows.ts';
import { IndexDb } from '../../src/home/index-db.ts';

let dir: string;
let expected: IndexDb;
let found: IndexDb;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wf-it's-"));
  expected = new IndexDb(join(dir, 'expected.db'));
  found = new IndexDb(join(dir, 'found.db'));
});
afterEach(() => {
  expected.close();
  found.close();
  rmSync(dir, { recursive: true, force: true });
});

const both = (sql: string, ...params: (string | number | Uint8Array | null)[]): void => {
  for (const index of [expected, found]) index.run(sql, ...params);
};
const compared = () => compareRows(expected, found.path);

test('equal rows are no problem, whatever is in them', () => {
  both('INSERT INTO counters (name, n) VALUES (?, ?)', '\u{1F600} "; --', 1);
  both(
    'INSERT INTO stream_offsets (stream, chunk, offsets) VALUES (?, ?, ?)',
    'run/a',
    0,
    new Uint8Array([0, 1]),
  );
  both("INSERT INTO feedback VALUES (1, 'f', 'w', NULL, 3, 'text', 'me', 'then')");
  expect(compared()).toEqual([]);
  // Again: nothing was left attached.
  expect(compared()).toEqual([]);
});

test('a missing, a different and an unexpected row are told apart', () => {
  both("INSERT INTO counters (name, n) VALUES ('same', 1), ('other', 2)");
  expected.run("INSERT INTO counters (name, n) VALUES ('gone', 3)");
  found.run("UPDATE counters SET n = 9 WHERE name = 'other'");
  found.run("INSERT INTO counters (name, n) VALUES ('odd', 4)");
  expect(compared()).toEqual([
    { path: 'state/index.db#counters/gone', problem: 'missing' },
    { path: 'state/index.db#counters/other', problem: 'different' },
    { path: 'state/index.db#counters/odd', problem: 'unexpected' },
  ]);
});

test('what looks alike is not the same: a null, another type, another case, another byte', () => {
  both("INSERT INTO feedback VALUES (1, 'f', 'w', NULL, 3, 'text', 'me', 'then')");
  found.run("UPDATE feedback SET runId = '' WHERE seq = 1");
  both("INSERT INTO tasks VALUES ('T-Abc', 'Abc', 'e', 'main', 'manual', 'done', 'then')");
  found.run("UPDATE tasks SET taskId = 'T-aBC'");
  both("INSERT INTO stream_offsets VALUES ('run/a', 0, x'0001')");
  found.run("UPDATE stream_offsets SET offsets = x'0002'");
  expect(compared().map(({ path, problem }) => `${problem} ${path}`)).toEqual([
    'different state/index.db#stream_offsets/run/a/0',
    'different state/index.db#feedback/1',
    'different state/index.db#tasks/T-Abc',
  ]);
});
