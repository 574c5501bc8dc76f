/**
 * What reaches a program we start: the arguments as they are, and of the environment only what is allowed. A real
 * program writes down what it got; no shell is anywhere on the way.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { childEnvironment } from '../../src/effects/environment.ts';
import { performDispatch } from '../../src/effects/perform.ts';
import { depsOf, effectOf, makeFolder } from '../support/effects-home.ts';

const word = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom(
        '"',
        "'",
        '$(touch pwned)',
        '`touch pwned`',
        '\n',
        '-rf',
        '--',
        '\\',
        '$HOME',
        '*',
        ';',
        '&&',
        '|',
        '> x',
      ),
    ),
    { maxLength: 5 },
  )
  // No argument of any program can hold a NUL, and no UTF-8 a lone surrogate.
  .map((parts) => parts.join('').replaceAll('\0', '').toWellFormed());

const RECORDER = `process.stdout.write(JSON.stringify({ argv: process.argv.slice(1), env: process.env }))`;

describe('a program that is started', () => {
  test.prop([fc.array(word, { maxLength: 6 }), word], { numRuns: 12 })(
    'gets every argument, and the task, byte for byte',
    async (args, task) => {
      const home = makeFolder();
      const effect = effectOf({ argv: [process.execPath, '-e', RECORDER, '--', ...args], task });
      const result = await performDispatch(
        effect,
        depsOf(home, { environment: { PATH: process.env.PATH, SECRET: 'no' } }),
      );
      expect(result).toMatchObject({ result: 'confirmed' });
      const seen = JSON.parse(('stdout' in result && result.stdout) || '') as {
        argv: string[];
        env: Record<string, string>;
      };
      expect(seen.argv).toEqual(args);
      expect(seen.env.WF_TASK).toBe(task);
      expect(seen.env.SECRET).toBe(undefined);
      expect(fs.readFileSync(path.join(home, 'run/effect-1/task.txt'), 'utf8')).toBe(task);
      expect(fs.readdirSync(path.join(home, 'artifacts/run-1'))).toEqual([]);
    },
  );
});

const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'OPENCLAW_ROOT'];
const name = fc.oneof(
  fc.constantFrom(
    ...ALWAYS,
    'LD_PRELOAD',
    'NODE_OPTIONS',
    'AWS_SECRET_ACCESS_KEY',
    'OPENCLAW_TOKEN',
    'WF_NONCE',
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'path', 'OPENCLAW'),
  fc.string({ minLength: 1, maxLength: 8 }),
);

test.prop([fc.array(fc.tuple(name, fc.string())), fc.array(name), fc.boolean()], { numRuns: 500 })(
  'no environment variable reaches a child that is not on the list',
  (entries, names, withOpenclaw) => {
    const base: Record<string, string> = Object.create(null);
    for (const [key, value] of entries) base[key] = value;
    const env = childEnvironment({
      base,
      home: '/h/workflows',
      names,
      extra: { WF_RUN_ID: 'r' },
      withOpenclaw,
    });
    for (const [key, value] of Object.entries(env)) {
      const listed =
        ALWAYS.includes(key) || names.includes(key) || (withOpenclaw && key.startsWith('OPENCLAW_'));
      expect(listed || key === 'WF_RUN_ID', key).toBe(true);
      if (key !== 'OPENCLAW_ROOT' && key !== 'WF_RUN_ID') expect(value).toBe(base[key]);
    }
    expect(env.WF_RUN_ID).toBe('r');
  },
);
