/** Slots of schedules that became no run: which of them somebody is told of, and that it happens once. */
import { expect, test } from 'vitest';
import { missedSlotAgain, missedSlotOf, notifyMissed } from '../../src/engine/notify-missed.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { Simulation } from '../support/simulation.ts';

const slot = '2026-01-02T02:30:00.000Z';
const skipped = (reason: string, message?: string) =>
  missedSlotOf({
    type: 'ScheduleSlotSkipped',
    data: {
      ...{ workflowId: 'w', scheduleId: 'nightly', slot, count: 3, reason },
      ...(message === undefined ? {} : { message }),
    },
  } as unknown as StoredEvent);

test('a slot that somebody wanted was missed; one that a person or a later slot took is not', () => {
  expect(skipped('late', 'due 9 h ago, within is 6h')).toEqual({
    ...{ workflowId: 'w', scheduleId: 'nightly', slot, count: 3, reason: 'due 9 h ago, within is 6h' },
  });
  expect(['overlap', 'limit', 'late', 'refused'].map((reason) => skipped(reason)?.reason)).toEqual([
    ...['overlap', 'limit', 'late', 'refused'],
  ]);
  expect(['paused', 'superseded', 'changed'].map((reason) => skipped(reason))).toEqual([null, null, null]);
  expect(missedSlotOf({ type: 'RunStarted', data: {} } as unknown as StoredEvent)).toBeNull();
});

test('it is told once, by whoever looks first, with what was said of it', async () => {
  const definition = { id: 'w', execute: { command: '/bin/x' }, notify: [{ on: ['missed'] }] };
  const simulation = new Simulation({ definitions: { w: definition }, messages: ['default'] });
  const missed = skipped('late', 'due 9 h ago');
  if (missed === null) throw new Error('it was missed');
  const look = () => simulation.process((ports) => notifyMissed(ports, missed, Date.parse(slot)));
  expect(await look()).toEqual([{ on: 'missed', targets: ['default'], status: 'sent' }]);
  expect(await look()).toEqual([]);
  expect(simulation.told.map(({ effect }) => effect.message)).toEqual([
    `w did not run: schedule nightly, due ${slot} (3 times, this the last)\nwhy: due 9 h ago\nlook: wf why --not ${slot}`,
  ]);
  // Found again by its cause alone, after a kill, it is the same slot.
  const [intent] = simulation.store.events().filter(({ type }) => type === 'NotificationIntended');
  const { cause = '' } = (intent?.data ?? {}) as { cause?: string };
  const again = missedSlotAgain('w', cause);
  expect(again).toMatchObject({ workflowId: 'w', scheduleId: 'nightly', slot });
  if (again === null) throw new Error('the cause names its slot');
  expect(await simulation.process((ports) => notifyMissed(ports, again, Date.parse(slot)))).toEqual([]);
});

test('without a rule that asks for it nobody is told', async () => {
  const definition = { id: 'w', execute: { command: '/bin/x' }, notify: [{ on: ['failed'] }] };
  const simulation = new Simulation({ definitions: { w: definition }, messages: ['default'] });
  const missed = skipped('limit');
  if (missed === null) throw new Error('it was missed');
  expect(await simulation.process((ports) => notifyMissed(ports, missed, Date.parse(slot)))).toEqual([]);
  expect(simulation.store.events()).toEqual([]);
});
