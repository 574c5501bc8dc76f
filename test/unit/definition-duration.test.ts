import { describe, expect, test } from 'vitest';
import { byNearness, nearest } from '../../src/workflow/did-you-mean.ts';
import { durationMs, formatDuration, parseDuration } from '../../src/workflow/duration.ts';

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('%s is what a person means by it', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '30', 's', '-1s', '1.5h', '1 h', '10M', '5 minutes', '1h30m', '1e3s', '9999999999s'])(
    '%j is refused instead of guessed',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(() => durationMs(text)).toThrow(/not a duration/);
    },
  );

  test.each([0, 1, 999, 1_000, 90_000, 3_600_000, 86_400_000, 604_800_000])(
    '%d ms written back means the same',
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    },
  );
});

describe('did you mean', () => {
  test.each([
    ['maxAttempt', 'maxAttempts'],
    ['Timeout', 'timeout'],
    ['tiemout', 'timeout'],
    ['backoffMs', 'backoff'],
  ])('%s suggests %s', (word, meant) => {
    expect(nearest(word, ['maxAttempts', 'timeout', 'backoff'])).toBe(meant);
  });

  test('nothing is suggested for a word that is like none', () => {
    expect(nearest('zebra', ['timeout', 'backoff'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });

  test('known names come nearest first', () => {
    expect(byNearness('nightly-backups', ['autonomous-e2e', 'nightly-backup'])[0]).toBe('nightly-backup');
  });
});
