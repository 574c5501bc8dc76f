/** Redaction for texts nobody thought of: JSON stays JSON, once is enough, and no text makes it slow. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { makeRedactor } from '../../src/workflow/redact.ts';

const fragments = [
  'password=',
  'token: ',
  '"api_key":"',
  '\\"secret\\":\\"',
  'sk-a1b2c3d4e5f6g7h8',
  'Bearer abcdef0123456789xyz',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  'https://me:pw@host/',
  'swordfish',
  '123456',
  '"',
  '\\',
  '\n',
  ' ',
  '{',
  '}',
  '[redacted]',
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 8 })))
  .map((parts) => parts.join(''));
const secrets = fc.subarray(['swordfish', '123456', 'line "one"\nx', 'a\\b\\c\\d']);

describe('redaction', () => {
  test.prop([fc.jsonValue(), fc.dictionary(text, text), secrets, fc.nat(2)])(
    'a JSON output can still be read by whoever parses it',
    (value, map, values, indent) => {
      const redact = makeRedactor({ values });
      const { text: redacted } = redact(JSON.stringify({ value, map, pin: 123456 }, null, indent));
      expect(() => JSON.parse(redacted)).not.toThrow();
    },
  );

  test.prop([text, secrets])(
    'doing it again changes nothing more, so a replay shows what was recorded',
    (given, values) => {
      const redact = makeRedactor({ values });
      const once = redact(given).text;
      expect(redact(once).text).toBe(once);
    },
  );

  test.prop([text, fc.string({ minLength: 6, unit: 'grapheme-ascii' }), text])(
    'a secret known by value is never left whole',
    (before, secret, after) => {
      fc.pre(!'[redacted]'.includes(secret));
      const { text: redacted } = makeRedactor({ values: [secret] })(before + secret + after);
      fc.pre(!`[redacted]${after}`.includes(secret) && !`${before}[redacted]`.includes(secret));
      expect(redacted).not.toContain(secret);
    },
  );

  test.prop([text])('a text without anything to hide comes back as the same text', (given) => {
    const result = makeRedactor({ values: [] })(given);
    if (result.count === 0) expect(result.text).toBe(given);
    else expect(result.text).toContain('[redacted]');
  });
});

describe('no text makes it hang (each is a megabyte; quadratic work would take minutes)', () => {
  for (const unit of [...fragments, 'eyJ', 'eyJa.', '://a:', 'token:token', "secret='", '-', 'sk-', '=:']) {
    test(JSON.stringify(unit), () => {
      const long = unit.repeat(Math.ceil(1_000_000 / unit.length));
      expect(makeRedactor({ values: ['swordfish'] })(long).text.length).toBeLessThan(4_000_000);
    });
  }
});
