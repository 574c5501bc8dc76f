/** Schedules as a definition states them: what is refused and where, and when their slots come round. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkWhole } from '../../src/home/check-definition.ts';
import { cronProblem, dateIn, slotsAfter, slotsBetween } from '../../src/home/cron.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { scheduledInput } from '../../src/workflow/schedule/scheduled-input.ts';

const good = { id: 's', cron: '0 6 * * 1-5', timezone: 'Asia/Karachi', input: 'package for {{date}}' };
const findings = async (schedule: object, more: object = {}) => {
  const raw = { $schema: 's', id: 'x', execute: {}, schedules: [schedule], ...more };
  return (await checkWhole(raw, {})).map(({ severity, path, message }) => ({
    severity,
    at: path.join('.'),
    message,
  }));
};
const only = async (schedule: object, more: object = {}) => {
  const [first, ...rest] = await findings(schedule, more);
  expect(rest).toEqual([]);
  return first;
};

describe('a definition with schedules', () => {
  test('is valid, and its defaults are those that are documented', async () => {
    expect(await findings(good)).toEqual([]);
    const [schedule] = normaliseDefinition({ id: 'x', schedules: [good] }).schedules;
    expect(schedule).toMatchObject({ catchUp: 'latest', overlap: 'skip', withinMs: 7 * 86_400_000 });
    const none = { ...good, catchUp: 'none', within: '6h' };
    expect(normaliseDefinition({ id: 'x', schedules: [none] }).schedules[0]?.withinMs).toBe(600_000);
  });

  test('a broken cron, an unknown timezone, or none, is an error at its key', async () => {
    for (const cron of [
      '61 6 * * *',
      '0 6 * *',
      '0 0 6 * * *',
      '@daily',
      '2026-12-24T00:00:00',
      '0 6 31 2 *',
      'x',
    ])
      expect(await only({ ...good, cron })).toMatchObject({ severity: 'error', at: 'schedules.0.cron' });
    for (const timezone of ['Mars/Olympus', 'local', '+05:00'])
      expect(await only({ ...good, timezone })).toMatchObject({ at: 'schedules.0.timezone' });
    const { timezone: _timezone, ...without } = good;
    expect(await only(without)).toMatchObject({ severity: 'error', at: 'schedules.0.timezone' });
  });

  test('an input that would be refused at every slot is refused now', async () => {
    const fields = { task: { type: 'string', required: true }, days: { type: 'number' } };
    const more = { input: { fields } };
    expect(await findings({ ...good, input: { task: 'x', days: 7 } }, more)).toEqual([]);
    expect(await only({ ...good, input: { days: 7 } }, more)).toMatchObject({ at: 'schedules.0.input' });
    expect((await only({ ...good, input: { task: 'x', days: 'many' } }, more))?.message).toContain('number');
    const uses = { execute: { message: 'for {{input.brand}}' } };
    expect((await only(good, uses))?.message).toContain('brand');
  });

  test('its input knows the day and the workflow, and nothing of a run that does not exist yet', async () => {
    expect(await only({ ...good, input: 'for {{runId}}' })).toMatchObject({ at: 'schedules.0.input' });
    expect(await only({ ...good, input: { task: 'for {{nobody}}' } })).toMatchObject({
      at: 'schedules.0.input.task',
    });
    const input = { task: '{{date}}', deep: [{ of: '{{workflowId}}' }], n: 7 };
    const [schedule] = normaliseDefinition({ id: 'x', schedules: [{ ...good, input }] }).schedules;
    if (schedule === undefined) throw new Error('no schedule');
    expect(JSON.parse(scheduledInput('x', schedule, '2026-01-02'))).toEqual({
      task: '2026-01-02',
      deep: [{ of: 'x' }],
      n: 7,
    });
  });

  test('two of one name are refused, for their slots could not be told apart', async () => {
    const raw = { $schema: 's', id: 'x', execute: {}, schedules: [good, { ...good, id: 'S' }] };
    expect((await checkWhole(raw, {})).map(({ code }) => code)).toEqual(['duplicate']);
  });
});

describe('slots', () => {
  const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
  const CRONS = ['30 2 * * *', '*/20 * * * *', '0 0 1 * *', '15 1-3 * * 0', '5 4 29 2 *', '30 2,3 * * *'];

  test('are the same from wherever one begins to look: a restart moves none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...CRONS),
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }),
        fc.integer({ min: 0, max: 40 }),
        (zone, cron, startMs, within) => {
          const from = new Date(startMs).toISOString();
          const slots = slotsAfter(cron, zone, from, 45);
          const middle = slots[within];
          if (middle === undefined) return;
          expect(slotsAfter(cron, zone, middle, 4)).toEqual(slots.slice(within + 1, within + 5));
          const justBefore = new Date(Date.parse(middle) - 1).toISOString();
          expect(slotsAfter(cron, zone, justBefore, 4)).toEqual(slots.slice(within, within + 4));
          expect([...slots].sort()).toEqual(slots);
          expect(new Set(slots).size).toBe(slots.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('up to a time include that time, and are no more than asked for', () => {
    const [from, to] = ['2026-01-02T00:00:00.000Z', '2026-01-02T00:03:00.000Z'];
    expect(slotsBetween('* * * * *', 'UTC', from, to, 10)).toHaveLength(3);
    expect(slotsBetween('* * * * *', 'UTC', from, to, 2)).toHaveLength(2);
    expect(slotsBetween('* * * * *', 'UTC', to, from, 10)).toEqual([]);
  });

  test('have the date of their place', () => {
    expect(dateIn('Pacific/Kiritimati', '2026-12-31T23:30:00.000Z')).toBe('2027-01-01');
    expect(dateIn('America/New_York', '2027-01-01T03:00:00.000Z')).toBe('2026-12-31');
  });

  test('what croner refuses is said in one sentence', () => {
    expect(cronProblem('99 * * * *', 'UTC')?.message).toMatch(/^"99 \* \* \* \*" is no cron expression: /);
    expect(cronProblem('0 6 * * *', 'UTC')).toBeNull();
  });
});
