/**
 * The compiled code that the launcher keeps between commands. What would break: a command that runs damaged or
 * foreign code, one that fails because nothing can be kept, or a full run that compiles everything again.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WF } from '../support/wf.ts';

let scratch: string;
let hot: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'wf-hot-'));
  hot = join(scratch, 'cache/workflow-engine/hot');
  const definitions = join(scratch, 'workflows/definitions');
  mkdirSync(definitions, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(definitions, 'act.json'),
    JSON.stringify({ id: 'act', execute: { command: '/bin/true' } }),
  );
});
afterEach(() => rmSync(scratch, { recursive: true }));

const wf = (args: readonly string[], { nodeArgs = [] as readonly string[], ...env } = {}) =>
  spawnSync(process.execPath, [...nodeArgs, WF, ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: scratch,
      WF_HOME: join(scratch, 'workflows'),
      XDG_CACHE_HOME: join(scratch, 'cache'),
      ...env,
    },
    timeout: 30_000,
  });
let runs = 0;
const run = (options = {}) => wf(['run', 'act', '--input', `note ${++runs}`], options);
const kept = (): string[] => readdirSync(hot).sort();
const file = (chunk: string): string => join(hot, kept().find((name) => name.endsWith(chunk)) as string);

describe('what is kept', () => {
  test('two files that only their owner may read, in a folder of his own', () => {
    expect(run().status).toBe(0);
    expect(kept()).toEqual([expect.stringMatching(/-cli\.cjs$/), expect.stringMatching(/-work\.cjs$/)]);
    for (const name of kept()) expect(statSync(join(hot, name)).mode & 0o777).toBe(0o600);
    expect(statSync(hot).mode & 0o777).toBe(0o700);
  });

  test('grows with the first commands, and is left alone after them', () => {
    for (let i = 0; i < 5; i++) expect(wf(['runs']).status).toBe(0);
    const looked = statSync(file('cli.cjs'));
    expect(run().status).toBe(0);
    expect(statSync(file('cli.cjs')).size).toBeGreaterThan(looked.size);
    for (let i = 0; i < 4; i++) expect(run().status).toBe(0);
    const settled = ['cli.cjs', 'work.cjs'].map((chunk) => statSync(file(chunk)));
    expect(run().status).toBe(0);
    expect(wf(['runs']).status).toBe(0);
    const later = ['cli.cjs', 'work.cjs'].map((chunk) => statSync(file(chunk)));
    expect(later.map(({ ino, mtimeMs }) => [ino, mtimeMs])).toEqual(
      settled.map(({ ino, mtimeMs }) => [ino, mtimeMs]),
    );
  });

  test('by another build goes when it is a month old', () => {
    mkdirSync(hot, { recursive: true });
    for (const name of ['v1-x64-0000000000000000-cli.cjs', 'v1-x64-1111111111111111-cli.cjs'])
      writeFileSync(join(hot, name), 'old');
    const longAgo = new Date(Date.now() - 40 * 86_400_000);
    utimesSync(join(hot, 'v1-x64-0000000000000000-cli.cjs'), longAgo, longAgo);
    expect(run().status).toBe(0);
    expect(existsSync(join(hot, 'v1-x64-0000000000000000-cli.cjs'))).toBe(false);
    expect(existsSync(join(hot, 'v1-x64-1111111111111111-cli.cjs'))).toBe(true);
  });
});

describe('what cannot be used', () => {
  const damages: Readonly<Record<string, (whole: Buffer) => Buffer>> = {
    'is empty': () => Buffer.alloc(0),
    'is cut off': (whole) => whole.subarray(0, whole.length / 2),
    'holds a block of zeros': (whole) => Buffer.from(whole).fill(0, 8192, 12_288),
    'is all zeros': (whole) => Buffer.alloc(whole.length),
    'has one bit that flipped': (whole) => {
      const damaged = Buffer.from(whole);
      damaged[whole.length >> 1] = (whole[whole.length >> 1] as number) ^ 1;
      return damaged;
    },
  };
  test.each(Object.keys(damages))('code that %s is not run, and is made anew', (name) => {
    expect(run().status).toBe(0);
    for (const chunk of ['cli.cjs', 'work.cjs']) {
      const whole = readFileSync(file(chunk));
      writeFileSync(file(chunk), (damages[name] as (whole: Buffer) => Buffer)(whole));
    }
    expect(run()).toMatchObject({ status: 0, stderr: expect.stringContaining('recorded') });
    for (const chunk of ['cli.cjs', 'work.cjs']) {
      const bytes = readFileSync(file(chunk));
      expect(bytes.length).toBeGreaterThan(100_000);
      const middle = (bytes.length + 8) / 2;
      expect(bytes.subarray(8, middle).equals(bytes.subarray(middle))).toBe(true);
    }
  });

  test('a place where nothing can be kept changes nothing but the time', () => {
    const taken = join(scratch, 'taken');
    writeFileSync(taken, 'a file where the folder should be');
    expect(run({ XDG_CACHE_HOME: taken }).status).toBe(0);
    expect(run({ XDG_CACHE_HOME: 'not/absolute' }).status).toBe(0);
    expect(existsSync(hot)).toBe(false);
    mkdirSync(join(scratch, 'cache'));
    chmodSync(join(scratch, 'cache'), 0o500);
    expect(run().status).toBe(0);
    chmodSync(join(scratch, 'cache'), 0o700);
    // Nothing half-made is left beside what was kept.
    expect(run().status).toBe(0);
    expect(kept()).toHaveLength(2);
  });
});

test('a verb of another chunk gets the same modules, whether they were loaded before or not', () => {
  expect(run().status).toBe(0);
  // Needs both, and loads its own chunk before the second one.
  expect(wf(['rebuild-projections', '--check']).status).toBe(0);
  expect(wf(['runs', '--json']).status).toBe(0);
});

describe('what it is for', () => {
  /** What V8 itself says: how many functions of a chunk were compiled by this process. */
  const compiled = (chunk: string): number => {
    const log = join(scratch, 'v8.log');
    rmSync(log, { force: true });
    const nodeArgs = ['--log-function-events', '--no-logfile-per-isolate', `--logfile=${log}`];
    expect(run({ nodeArgs }).status).toBe(0);
    const lines = readFileSync(log, 'utf8').split('\n');
    const id = lines.find((line) => line.startsWith('script-details,') && line.includes(`/dist/${chunk},`));
    const prefix = `function,interpreter,${id?.split(',')[1]},`;
    return lines.filter((line) => line.startsWith(prefix)).length;
  };

  test('a full run compiles none of the functions that the one before it compiled', () => {
    expect(compiled('cli.cjs')).toBeGreaterThan(300);
    expect(compiled('work.cjs')).toBeLessThan(20);
    expect([compiled('cli.cjs'), compiled('work.cjs')]).toEqual([0, 0]);
  });
});
