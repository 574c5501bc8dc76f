/** Numbers and times on the command line: a slip of the finger is said, and never becomes another question. */
import { describe, expect, test } from 'vitest';
import { limitOf, sinceOf, wholeNumber } from '../../src/commands/number-option.ts';
import type { Invocation } from '../../src/commands/verb.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');
const given = (name: string, value: string): Invocation => ({
  args: [],
  options: new Map([[name, value]]),
  env: {},
  packageDir: '/nowhere',
  json: false,
  io: {
    out: () => undefined,
    err: () => undefined,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    readStdin: async () => '',
  },
});
const since = (text: string) => sinceOf(given('since', text), NOW);

describe('--since', () => {
  test.each([
    ['2h', '2026-11-23T10:00:00.000Z'],
    ['7d', '2026-11-16T12:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T08:30:00Z', '2026-11-20T08:30:00.000Z'],
    ['2026-11-20T08:30:00+02:00', '2026-11-20T06:30:00.000Z'],
  ])('%s is a time', (text, iso) => expect(since(text)).toBe(iso));

  test('a span longer than history lists everything instead of ending in a bug', () => {
    expect(since('999999999d')).toBe('1970-01-01T00:00:00.000Z');
  });

  test.each(['yesterday', '2 hours', '', '2026-13-45', '23.11.2026', '-2h'])(
    '%j is refused by name',
    (text) => {
      expect(() => since(text)).toThrow(expect.objectContaining({ code: 'since-invalid', exitCode: 2 }));
    },
  );
});

describe('numbers', () => {
  test('a limit that is left out is 20', () => expect(limitOf(given('other', '1'))).toBe(20));
  test.each([
    ['1', 1],
    ['1000', 1000],
  ])('%s is taken', (text, limit) => expect(limitOf(given('limit', text))).toBe(limit));
  test.each(['0', '1001', '-1', '1e2', '0x10', ' 5', '3.5', 'many', ''])('%j is refused', (text) => {
    expect(() => limitOf(given('limit', text))).toThrow(/--limit must be a whole number from 1 to 1000/);
  });
  test('the bounds are those of the caller', () => {
    expect(() => wholeNumber(given('at', '0'), 'at', 1, 5)).toThrow(/from 1 to 5/);
  });
});
