/**
 * Files that anybody may have written: config.json, definitions, the log. Whatever is in them, the answer is a value
 * or an error that says where, never a crash, and reading one changes nothing.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { WfError } from '../../src/errors.ts';
import { parseConfig } from '../../src/home/config-schema.ts';
import { checkDefinitionText, loadDefinition } from '../../src/home/definitions.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { makeRedactor } from '../../src/workflow/redact.ts';
import { collect, systemEnv } from '../support/log-helpers.ts';

let top = '';
beforeAll(() => {
  top = fs.mkdtempSync(path.join(os.tmpdir(), 'wf-parsers-'));
});
afterAll(() => fs.rmSync(top, { recursive: true, force: true }));

/** What an error that reaches a user must be: typed, no bug, and with a next step. */
function expectTyped(error: unknown): void {
  if (!(error instanceof WfError)) throw error;
  expect(error.exitCode, error.stack).not.toBe(1);
  expect(error.message).not.toBe('');
  expect(error.hint ?? '', error.message).not.toBe('');
}

const nasty = fc.constantFrom(
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '../x',
  '{{task}}',
  '\u001b[2J',
  '(',
);
const json = (keys: readonly string[]) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(nasty, fc.string({ maxLength: 8 }), fc.double(), fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), nasty), tie('value'), { maxKeys: 5 }),
    ),
  })).value as fc.Arbitrary<unknown>;
/** JSON that is nearly right: cut, spliced, commented, or of odd bytes. */
const nearly = (keys: readonly string[]) =>
  fc
    .tuple(
      json(keys),
      fc.nat(400),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('', '\uFEFF', '// c\n', '/*'),
    )
    .chain(([value, at, inserted, before]) => {
      const text = JSON.stringify(value) ?? 'null';
      return fc.constantFrom(
        text,
        `${before}${text}`,
        text.slice(0, at),
        text.slice(0, at) + inserted + text.slice(at),
      );
    });

const CONFIG_KEYS = ['openclaw', 'agent', 'script', 'allowedRoots', 'redact', 'env', 'patterns', '$schema'];
describe('config.json', () => {
  test.prop([fc.oneof(nearly(CONFIG_KEYS), fc.string({ unit: 'binary' }))], { numRuns: 300 })(
    'of any content is settings, or a refusal with its place',
    (text) => {
      try {
        const config = parseConfig(text, '/home/config.json');
        expect(config.allowedRoots.every((root) => root.startsWith('/'))).toBe(true);
        makeRedactor({ values: [], patterns: config.redact.patterns });
      } catch (error) {
        expectTyped(error);
        expect((error as WfError).where).toMatch(/^\/home\/config\.json:\d+:\d+$/);
      }
    },
  );

  test('nested a hundred thousand deep is refused like any other mistake', () => {
    const deep = '['.repeat(100_000);
    expect(() => parseConfig(deep, 'config.json')).toThrow(WfError);
    expect(() => parseConfig(`{"allowedRoots":${deep}${']'.repeat(100_000)}}`, 'config.json')).toThrow(
      WfError,
    );
  });
});

const DEFINITION_KEYS = [
  'id',
  'execute',
  'command',
  'args',
  'steps',
  'deliver',
  'summaryFile',
  'verify',
  'plan',
  'classify',
  'routes',
];
describe('a definition', () => {
  test.prop([fc.oneof(nearly(DEFINITION_KEYS), fc.string({ unit: 'binary' }))], { numRuns: 200 })(
    'of any text gets findings or a typed refusal',
    async (text) => {
      try {
        await checkDefinitionText(text, 'x.json', 'x');
      } catch (error) {
        expectTyped(error);
      }
    },
  );

  test('nested a hundred thousand deep is refused, with and without comments', async () => {
    for (const text of [
      '['.repeat(100_000),
      `/**/${'{"a":'.repeat(100_000)}`,
      `{"id":"x","plan":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ]) {
      const found = checkDefinitionText(text, 'x.json', 'x');
      await found.then(
        () => undefined,
        (error: unknown) => expectTyped(error),
      );
    }
  });

  test.prop(
    [
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc
          .array(fc.constantFrom('..', '/', 'secret', '.json', '\u0000', 'x', '%2f', '\\'))
          .map((parts) => parts.join('')),
      ),
    ],
    { numRuns: 200 },
  )('of any id is found inside definitions/ or not at all', async (id) => {
    const home = path.join(top, 'home');
    fs.mkdirSync(path.join(home, 'definitions'), { recursive: true });
    fs.writeFileSync(path.join(home, 'secret.json'), '{"id":"secret","execute":{"command":"/bin/true"}}');
    try {
      const { file } = await loadDefinition({
        home,
        bundledDir: path.join(top, 'none'),
        id,
        sha256: coldSha256,
        isRegistered: () => false,
      });
      expect(path.dirname(file)).toBe(path.join(home, 'definitions'));
    } catch (error) {
      expectTyped(error);
    }
  });
});

describe('the log', () => {
  const golden = fs.readFileSync(new URL('../golden/log-v1.jsonl', import.meta.url));
  const change = fc.record({
    at: fc.nat(golden.length),
    remove: fc.nat(60),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc
        .constantFrom('\n', '{}\n', 'null\n', '[1]\n', '"x"\n', '{"seq":1}\n', '\u0000\u0000')
        .map((text) => Buffer.from(text)),
    ),
  });
  test.prop([fc.array(change, { minLength: 1, maxLength: 3 })], { numRuns: 150 })(
    'with any bytes in it is read as far as it is whole, or refused as damaged; reading changes not a byte',
    async (changes) => {
      let bytes = golden;
      for (const { at, remove, insert } of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
      }
      const dir = fs.mkdtempSync(path.join(top, 'logs-'));
      const file = path.join(dir, 'events.jsonl');
      fs.writeFileSync(file, bytes);
      const store = openJsonlStore({ dir, ...systemEnv, onNotice: () => undefined });
      try {
        await collect(store.readAll(null));
      } catch (error) {
        expectTyped(error);
      } finally {
        await store.close();
      }
      const verified = await verifyLog(dir, coldSha256).catch((error: unknown) => expectTyped(error));
      if (verified?.damage !== undefined) expect(verified.damage.reason).not.toBe('');
      expect(fs.readFileSync(file).equals(bytes)).toBe(true);
      expect(fs.readdirSync(dir).filter((name) => !name.startsWith('.lock'))).toEqual(['events.jsonl']);
    },
  );
});
