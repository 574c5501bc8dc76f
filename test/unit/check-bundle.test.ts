/** The check of what a start loads, on small bundles: a slow start-up would otherwise creep in unseen. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../scripts/check-bundle.mjs');
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const lean = {
  'wf.cjs': "require('./cli.cjs');",
  'cli.cjs':
    '//#region src/cli.ts\nawait Promise.resolve().then(() => require("./help.cjs"));\n//#region src/commands/run.ts\n',
  'help.cjs': '//#region node_modules/commander/lib/command.js\n//#region node_modules/zod/v4/core.js\n',
};

const check = (chunks: Record<string, string>): { status: number | null; found: string } => {
  const dist = mkdtempSync(join(tmpdir(), 'wf-bundle-'));
  made.push(dist);
  for (const [name, code] of Object.entries(chunks)) writeFileSync(join(dist, name), code);
  const { status, stderr } = spawnSync(process.execPath, [script, dist], { encoding: 'utf8' });
  return { status, found: stderr };
};

test('what is loaded on demand may be as heavy as it likes', () => {
  const bulky = { ...lean, 'help.cjs': `${lean['help.cjs']}${' '.repeat(1_000_000)}` };
  expect(check(bulky)).toEqual({ status: 0, found: '' });
});

test('a schema library reached through a shared chunk at start-up is named', () => {
  const { status, found } = check({
    ...lean,
    'cli.cjs': `const require_help = require("./help.cjs");\n${lean['cli.cjs']}`,
  });
  expect(status).toBe(1);
  expect(found).toContain('help.cjs brings node_modules/zod/v4/core.js');
});

test.each([['let c = require("node:crypto");'], ['const c = process.getBuiltinModule("node:crypto");']])(
  'node:crypto at start-up is named: %s',
  (line) => {
    const { status, found } = check({ ...lean, 'cli.cjs': `${lean['cli.cjs']}${line}\n` });
    expect(status).toBe(1);
    expect(found).toContain('cli.cjs loads node:crypto');
  },
);

test('node:crypto inside a function, or imported there, is loaded only when it is needed', () => {
  const lazy = [
    'const hash = () => {',
    '\treturn process.getBuiltinModule("node:crypto").hash("sha256", "x");',
    '};',
    'const more = () => Promise.resolve().then(() => /* @__PURE__ */ rt.__toESM(require("node:crypto"), 1));',
  ].join('\n');
  expect(check({ ...lean, 'cli.cjs': `${lean['cli.cjs']}${lazy}\n` })).toEqual({ status: 0, found: '' });
});

test('a hot part that grew too large is refused', () => {
  const { status, found } = check({ ...lean, 'cli.cjs': `${lean['cli.cjs']}${' '.repeat(1_000_000)}` });
  expect(status).toBe(1);
  expect(found).toContain('the hot part has');
});

test('a hot module that was renamed is not silently left out of the check', () => {
  const { status, found } = check({ ...lean, 'cli.cjs': '//#region src/main.ts\n' });
  expect(status).toBe(1);
  expect(found).toContain('src/cli.ts is in no chunk');
});
