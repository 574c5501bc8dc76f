/** A time written otherwise than before would sort wrongly beside the lines of an older log. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { isoTime } from '../../src/events/iso-time.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

test.prop([fc.integer({ min: 0, max: LAST_MS })])('a time reads as Date writes it', (ms) => {
  expect(isoTime(ms)).toBe(new Date(ms).toISOString());
});

test('leap days, ends of years and of centuries read as Date writes them', () => {
  for (const day of [
    '1970-01-01',
    '1972-02-29',
    '1999-12-31',
    '2000-02-29',
    '2100-02-28',
    '2100-03-01',
    '9999-12-31',
  ]) {
    for (const time of ['00:00:00.000', '23:59:59.999']) {
      expect(isoTime(Date.parse(`${day}T${time}Z`))).toBe(`${day}T${time}Z`);
    }
  }
});

test('a fraction of a millisecond is cut off, as Date does', () => {
  expect(isoTime(1.9)).toBe('1970-01-01T00:00:00.001Z');
});
