/** What a person means by a time: a question about 08:00 finds the request of 08:00:03. */
import { expect, test } from 'vitest';
import { timeSpanOf } from '../../src/commands/time-span.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

test('a day is that day, a time is half an hour around it, a span reaches to now', () => {
  expect(timeSpanOf('2026-11-22', NOW)).toEqual({
    from: '2026-11-22T00:00:00.000Z',
    to: '2026-11-23T00:00:00.000Z',
  });
  expect(timeSpanOf('2026-11-23T08:00Z', NOW)).toEqual({
    from: '2026-11-23T07:30:00.000Z',
    to: '2026-11-23T08:30:00.000Z',
  });
  expect(timeSpanOf('2h', NOW)).toEqual({ from: '2026-11-23T10:00:00.000Z', to: '2026-11-23T12:00:00.001Z' });
});

test('what is no time is a key', () => {
  for (const text of ['last', 'daily-2026-11-23', '2026-13-45', '']) expect(timeSpanOf(text, NOW)).toBeNull();
});
