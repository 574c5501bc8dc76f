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

  // Secrets with the quotes of the JSON that the whole text happens to be.
  test.prop([text, fc.string({ minLength: 6, unit: 'grapheme-ascii' }), text], {
    examples: [
      ['', '"      ', '"'],
      ['{"a":1,"b":', '"swordfish"', '}'],
    ],
  })('a secret known by value is never left whole', (before, secret, after) => {
    fc.pre(!'[redacted]'.includes(secret));
    const { text: redacted } = makeRedactor({ values: [secret] })(before + secret + after);
    fc.pre(!`[redacted]${after}`.includes(secret) && !`${before}[redacted]`.includes(secret));
    expect(redacted).not.toContain(secret);
  });

  // One for every way to begin: what is looked for first must never keep a pattern from being tried.
  const shapes = [
    /^sk-a1[A-Za-z0-9_-]{14}$/,
    /^gh[opsur]_[A-Za-z0-9]{20}$/,
    /^github_pat_[A-Za-z0-9_]{20}$/,
    /^xox[abeprs]-a1[A-Za-z0-9-]{8}$/,
    /^(AKIA|ASIA)[0-9A-Z]{16}$/,
    /^AIza[0-9A-Za-z_-]{30}$/,
    /^glpat-a1[A-Za-z0-9_-]{18}$/,
    /^npm_a1[A-Za-z0-9]{28}$/,
    /^[rs]k_(live|test)_a1[A-Za-z0-9]{14}$/,
    /^hf_a1[A-Za-z0-9]{28}$/,
    /^SG\.a1[A-Za-z0-9_-]{14}\.[A-Za-z0-9_-]{16}$/,
    /^[0-9]{8,10}:AA[A-Za-z0-9_-]{30}$/,
    /^eyJ[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{8}$/,
    /^[Bb][Ee][Aa][Rr][Ee][Rr] a1[A-Za-z0-9]{14}$/,
    /^[Bb][Aa][Ss][Ii][Cc] a1[A-Za-z0-9]{14}$/,
    /^https:\/\/[a-z]{0,5}:[a-z0-9]{1,9}@host$/,
    /^-----BEGIN [A-Z]{0,9} ?PRIVATE KEY-----[A-Za-z0-9]{9}$/,
  ];
  test.prop([
    fc.oneof(...shapes.map((shape) => fc.stringMatching(shape))),
    fc.constantFrom('', ' ', '\n', '"'),
  ])('every shape of a secret is found, whatever is around it', (secret, around) => {
    const { text: redacted, count } = makeRedactor({ values: [] })(`${around}${secret}${around}`);
    expect(count).toBeGreaterThan(0);
    expect(redacted).not.toContain(secret);
  });

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
