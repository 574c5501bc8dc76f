/** What the rules of `verify.files` find in real files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkFiles } from '../../src/effects/check-files.ts';
import type { FileToCheck } from '../../src/workflow/stages/verify.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'wf-files-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const PLAIN = { minBytes: 0, contains: [], notContains: [], json: false } as const;
const failures = (name: string, rule: Partial<NonNullable<FileToCheck['rule']>>): readonly string[] =>
  checkFiles([{ file: join(dir, name), rule: { ...PLAIN, ...rule } }])[0]?.failed ?? [];

test("yesterday's file does not pass for today's work", () => {
  writeFileSync(join(dir, 'old.md'), 'text');
  const began = new Date().toISOString();
  expect(failures('old.md', { changedSince: began })).toEqual([]);
  utimesSync(join(dir, 'old.md'), new Date(), new Date(Date.now() - 86_400_000));
  expect(failures('old.md', { changedSince: began })[0]).toMatch(/^is not fresh: it was last changed \d{4}-/);
});

test('a file that is too short, says the wrong thing or is not JSON is named for each of it', () => {
  writeFileSync(join(dir, 'post.md'), 'TODO: write äö');
  expect(
    failures('post.md', { minBytes: 20, contains: ['http'], notContains: ['TODO'], json: true }),
  ).toEqual([
    'has 16 bytes, expected at least 20',
    'does not contain "http"',
    'contains "TODO"',
    'is not JSON',
  ]);
  writeFileSync(join(dir, 'good.json'), '{"a":1}\n');
  expect(failures('good.json', { json: true, minBytes: 8, contains: ['"a"'] })).toEqual([]);
});

test('a folder is not the file that was asked for; a link to a file is', () => {
  mkdirSync(join(dir, 'folder'));
  expect(failures('folder', {})).toEqual(['is a folder, not a file']);
  writeFileSync(join(dir, 'real.md'), 'x');
  symlinkSync(join(dir, 'real.md'), join(dir, 'link.md'));
  expect(failures('link.md', { minBytes: 1 })).toEqual([]);
});

test('a missing file is missing and nothing else', () => {
  expect(checkFiles([{ file: join(dir, 'none'), rule: { ...PLAIN, minBytes: 9 } }])).toEqual([
    { file: join(dir, 'none'), exists: false },
  ]);
});
