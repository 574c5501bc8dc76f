/** What a person pastes into a task must not end up in the log, and what they write about secrets must stay. */
import { describe, expect, test } from 'vitest';
import { makeRedactor } from '../../src/workflow/redact.ts';

const redact = makeRedactor({ values: [] });

// Put together at run time, so that no scanner takes these made-up tokens for real ones.
const made = (...parts: string[]): string => parts.join('');
const SK = made('sk', '-proj-', 'a1B2c3D4e5F6g7H8i9J0');
const GITHUB = made('gh', 'p_', 'abcdefghij0123456789ABCDEFGHIJ012345');
const SLACK = made('xo', 'xb-', '123456789012-abcdefABCDEF');
const AWS = made('AK', 'IA', 'ABCDEFGHIJ234567');
const GOOGLE = made('AI', 'za', 'SyA1234567890abcdefghijklmnopqrstuvw');
const JWT = made(
  'ey',
  'JhbGciOiJIUzI1NiJ9',
  '.eyJzdWIiOiIxMjM0NTY3ODkwIn0',
  '.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P',
);
const PEM = made('-----BEGIN RSA PRIV', 'ATE KEY-----\nMIIEow\nIBAAKC/+=\n-----END RSA PRIV', 'ATE KEY-----');

describe('a secret of a well-known shape is not recorded', () => {
  test.each([
    ['an OpenAI key', SK],
    ['a GitHub token', GITHUB],
    ['a fine-grained GitHub token', made('github', '_pat_', '11ABCDEFG0abcdefghijkl')],
    ['a Slack token', SLACK],
    ['an AWS key id', AWS],
    ['a Google key', GOOGLE],
    ['a GitLab token', made('gl', 'pat-', 'a1B2c3D4e5F6g7H8i9J0')],
    ['an npm token', made('np', 'm_', 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8')],
    ['a Stripe key', made('sk', '_live_', 'a1B2c3D4e5F6g7H8i9J0')],
    ['a Hugging Face token', made('h', 'f_', 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7')],
    ['a SendGrid key', made('S', 'G.', 'a1B2c3D4e5F6g7H8i9J0.a1B2c3D4e5F6g7H8i9J0')],
    ['a Telegram bot token', made('123456789', ':AA', 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7')],
    ['a JWT', JWT],
    ['a private key', PEM],
  ])('%s', (_name, secret) => {
    expect(redact(`use ${secret} for it`)).toEqual({ text: 'use [redacted] for it', count: 1 });
  });

  test('a private key that was cut before its end', () => {
    expect(redact(PEM.slice(0, 45)).text).toBe('[redacted]');
  });

  test('a bearer header keeps its first word', () => {
    expect(redact('Authorization: Bearer abcdef0123456789xyz').text).toBe('Authorization: Bearer [redacted]');
  });

  test('the password of an address goes, its user and host stay', () => {
    expect(redact('clone https://me:hunter2@example.org/x.git').text).toBe(
      'clone https://me:[redacted]@example.org/x.git',
    );
  });
});

describe('what is assigned to a telling name is not recorded', () => {
  test.each([
    ['password=hunter2', 'password=[redacted]'],
    ['PASSWORD=hunter2 next', 'PASSWORD=[redacted] next'],
    ['DB_PASSWORD=a,b.c! rest', 'DB_PASSWORD=[redacted]! rest'],
    ['GITHUB_TOKEN=abc', 'GITHUB_TOKEN=[redacted]'],
    ['/x?token=abc&page=2', '/x?token=[redacted]&page=2'],
    ['api_key = "two words"', 'api_key = "[redacted]"'],
    ['api-key: abc123', 'api-key: [redacted]'],
    ["client_secret='it is'", "client_secret='[redacted]'"],
    ['{"password":"ab\\"cd","n":1}', '{"password":"[redacted]","n":1}'],
    ['"{\\"token\\":\\"abc\\",\\"n\\":1}"', '"{\\"token\\":\\"[redacted]\\",\\"n\\":1}"'],
    [`token=${'a'.repeat(3000)} end`, 'token=[redacted] end'],
  ])('%s', (given, wanted) => {
    expect(redact(given).text).toBe(wanted);
  });
});

describe('ordinary prose about tokens and passwords is left alone', () => {
  test.each([
    'Write a post about password hygiene: why a password manager beats a secret notebook.',
    'The password: choose a long one. The token: a small coin. The secret: patience.',
    'Explain what a bearer token is, and basic authentication for internationalization.',
    'max_tokens=500, tokens: 1200, token count: 42',
    'const token = getToken(); if (password === input) return;',
    'curl -H "Authorization: Bearer $TOKEN" with password=$PASSWORD or token=***',
    'task-management-for-busy-teams, risk-assessment-and-mitigation-plans',
    'PWD=/home/me OLDPWD=/tmp http://localhost:3000/@scope/name',
    'sk-learn-based-classification-pipelines are called scikit-learn',
    '',
  ])('%s', (prose) => {
    expect(redact(prose)).toEqual({ text: prose, count: 0 });
  });
});

describe('secrets known by value', () => {
  test('each is replaced wherever it stands, and counted', () => {
    const own = makeRedactor({ values: ['swordfish'] });
    expect(own('swordfish, then Swordfish and swordfish')).toEqual({
      text: '[redacted], then Swordfish and [redacted]',
      count: 2,
    });
  });

  test('one that begins with another leaves no end behind', () => {
    expect(makeRedactor({ values: ['abcdef', 'abcdefghi'] })('x abcdefghi y').text).toBe('x [redacted] y');
  });

  test('one with quotes and newlines is found inside JSON too', () => {
    const secret = 'line "one"\nline two';
    const own = makeRedactor({ values: [secret] });
    expect(JSON.parse(own(JSON.stringify({ a: secret })).text)).toEqual({ a: '[redacted]' });
  });

  test('short ones and empty ones change nothing', () => {
    expect(makeRedactor({ values: ['', 'yes', 'redacted'] })('yes, it is [redacted]').count).toBe(0);
  });
});

describe('JSON stays JSON', () => {
  test('a secret that stands there as a number becomes a string', () => {
    const { text, count } = makeRedactor({ values: ['123456'] })('{"pin":123456,"__proto__":{"a":"123456"}}');
    expect(count).toBe(2);
    expect(text).toBe('{"pin":"[redacted]","__proto__":{"a":"[redacted]"}}');
  });

  test('formatting survives where nothing had to be rebuilt', () => {
    expect(redact(`{ "key" : "${SK}" }`).text).toBe('{ "key" : "[redacted]" }');
  });
});

test('patterns of the config are applied, and a wrong one is refused by name', () => {
  expect(makeRedactor({ values: [], patterns: ['KD-\\d{4}'] })('customer KD-1234').text).toBe(
    'customer [redacted]',
  );
  expect(() => makeRedactor({ values: [], patterns: ['('] })).toThrow(/not a regular expression/);
});
