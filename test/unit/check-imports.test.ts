/** The check that keeps rooms apart, run on small trees: what it lets through, nobody else will notice. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../scripts/check-imports.mjs');
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const check = (files: Record<string, string>): { status: number | null; found: string[]; stdout: string } => {
  const root = mkdtempSync(join(tmpdir(), 'wf-imports-'));
  made.push(root);
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), source);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
  return { status, stdout, found: stderr.split('\n').filter((line) => line !== '') };
};

test('a tree that keeps to the rooms passes', () => {
  const { status, found } = check({
    'src/cli.ts': "import { run } from './commands/run.ts';\nexport const main = run;",
    'src/errors.ts': 'export const x = 1;',
    'src/events/a.ts':
      "import { z } from 'zod';\nimport { x } from '../errors.ts';\nexport const a = z.literal(x);",
    'src/workflow/w.ts': "import type { a } from '../events/a.ts';\nexport type W = typeof a;",
    'src/workflow/w-schema.ts': "import { z } from 'zod';\nexport const w = z.string();",
    'src/projections/p.ts': "import type { W } from '../workflow/w.ts';\nexport type P = W;",
    'src/log/l.ts': "import fs from 'node:fs';\nexport const now = async () => [Date.now(), fs];",
    'src/commands/run.ts': "export const run = async () => (await import('../log/l.ts')).now();",
  });
  expect({ status, found }).toEqual({ status: 0, found: [] });
});

test('a violation is named with its file, its line and the rule', () => {
  const { status, found } = check({
    'src/log/store.ts': "\n\nimport type { Paths } from '../home/paths.ts';",
  });
  expect(status).toBe(1);
  expect(found).toEqual(['src/log/store.ts:3: log/ may import events/, workflow/, projections/, not home/']);
});

test.each([
  ['a type-only import', "import type { A } from '../engine/a.ts';"],
  ['a type written in place', "export type A = import('../engine/a.ts').A;"],
  ['a dynamic import', "export const a = () => import('../engine/a.ts');"],
  ['a re-export', "export * from '../engine/a.ts';"],
  ['a named re-export', "export { a } from '../engine/a.ts';"],
  ['an import for effect', "import '../engine/a.ts';"],
  ['a computed path', 'export const a = (p: string) => import(p);'],
  ['a way out of src/', "import '../../scripts/build.mjs';"],
  ['a room from the top of src/', "import '../cli.ts';"],
])('%s counts as an import', (_name, source) => {
  expect(check({ 'src/effects/e.ts': source }).found).toHaveLength(1);
});

test.each([
  ['src/events/a.ts', "import '../workflow/w.ts';"],
  ['src/events/a.ts', "import 'node:fs';"],
  ['src/events/a.ts', "import 'ulid';"],
  ['src/workflow/w.ts', "import { z } from 'zod';"],
  ['src/workflow/w.ts', "import '../projections/p.ts';"],
  ['src/workflow/w.ts', "import '../log/l.ts';"],
  ['src/projections/p.ts', "import 'zod';"],
  ['src/projections/p.ts', "import '../version.ts';"],
  ['src/home/h.ts', "import '../effects/e.ts';"],
  ['src/engine/g.ts', "import '../commands/c.ts';"],
  ['src/errors.ts', "import './events/a.ts';"],
  ['src/extra/x.ts', 'export const x = 1;'],
])('%s with %s is refused', (path, source) => {
  const { status, found } = check({ [path]: source });
  expect(status).toBe(1);
  expect(found).toEqual([expect.stringContaining(`${path}:1: `)]);
});

test.each([
  'Date.now()',
  "Date['now']()",
  'new Date()',
  'Date()',
  'Math.random()',
  'process.env.X',
  'globalThis.x',
  "'a'.localeCompare('b')",
  '(1).toLocaleString()',
  'new Intl.Collator()',
  'setTimeout(() => 1, 1)',
  'crypto.randomUUID()',
  'async () => 1',
])('a pure room may not use %s', (expression) => {
  const { status, found } = check({ 'src/projections/p.ts': `// first\nexport const x = ${expression};` });
  expect(status).toBe(1);
  expect(found[0]).toContain('src/projections/p.ts:2: `');
});

test('words in comments, texts, keys and types are not uses', () => {
  const source = [
    '// Date.now() and process.env',
    "export const text = 'await process.env, new Date()';",
    'export const x = { process: 1, crypto: 2 };',
    'export const y = x.process + x.crypto + new Date(0).getTime();',
    'export type T = { readonly process: string; async: boolean };',
  ].join('\n');
  expect(check({ 'src/workflow/w.ts': source })).toMatchObject({ status: 0, found: [] });
});

test('an empty tree is not a pass', () => {
  expect(check({ 'README.md': 'no sources' }).status).toBe(1);
});
