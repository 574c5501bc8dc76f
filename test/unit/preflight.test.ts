/** What another definition would have made of a recorded run: found without a world, also past the first difference. */
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/errors.ts';
import type { DecidedEvent } from '../../src/workflow/decide.ts';
import { type FoldableEvent, foldRun } from '../../src/workflow/evolve.ts';
import { inputFor } from '../../src/workflow/input-fields.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { type Change, preflight } from '../../src/workflow/replay/preflight.ts';
import { withoutWorld } from '../support/no-world.ts';
import {
  type Ask,
  begin,
  command,
  done,
  failed,
  NOW,
  runSpec,
  type Spec,
  unknown,
  verified,
} from '../support/run-spec.ts';

const raw = {
  classify: {
    routes: [{ name: 'garden', match: ['plants'], risk: 'low' }],
    fallback: { name: 'other', risk: 'low' },
  },
  execute: {
    steps: [
      { id: 'a', ...command },
      { id: 'b', command: '/bin/b', args: ['{{task}}'] },
    ],
  },
};
type Raw = Readonly<Record<string, unknown>>;

const recorded = (events: readonly DecidedEvent[]): readonly FoldableEvent[] =>
  events.map((event, i) => ({ ...event, ts: NOW, streamVersion: i + 1 }));

function changes(spec: Spec, events: readonly DecidedEvent[], other: Raw): readonly Change[] {
  const record = recorded(events);
  const run = foldRun(record);
  const definition = normaliseDefinition({ id: 'spec', ...other });
  const input = inputFor(definition, spec.context.input.text);
  const by = isRefusal(input) ? input : { ...spec.context, definition, input };
  return withoutWorld(() => preflight(spec.context, by, run, record));
}

const owner = { host: 'h', bootId: 'b', pid: 2, pidStart: '2' };
const goOn: Ask = { type: 'Continue', owner, by: 'kim' };

const spec = runSpec(raw, { input: 'water the plants' });
const worked = spec.past(begin('a'), done('a'), begin('b'), done('b'), verified);

describe('of a run that is done', () => {
  test('its own definition would change nothing, nor would one that differs in words only', () => {
    expect(changes(spec, worked, raw)).toEqual([]);
    expect(changes(spec, worked, { ...raw, description: 'in other words' })).toEqual([]);
  });

  test('everything that would be otherwise is found, and not the first of it alone', () => {
    const other = {
      classify: {
        routes: [{ name: 'danger', match: ['plants'], risk: 'high' }],
        fallback: raw.classify.fallback,
      },
      execute: {
        steps: [
          { id: 'a', ...command },
          { id: 'b', command: '/bin/b', args: ['--', '{{route}}'] },
          { id: 'c', dispatcher: 'manual', message: 'look' },
        ],
      },
      approval: [{ at: 'execute.b' }],
    };
    expect(changes(spec, worked, other)).toEqual([
      { what: 'route', before: 'garden', after: 'danger' },
      { what: 'risk', before: 'low', after: 'high' },
      // At high risk the engine asks before the rest as well.
      { what: 'approvals', before: 'none', after: 'execute, execute.b' },
      { what: 'message', step: 'b', before: "/bin/b 'water the plants'", after: '/bin/b -- danger' },
      { what: 'dispatcher', step: 'c', before: null, after: 'manual' },
      { what: 'message', step: 'c', before: null, after: 'look' },
      { what: 'end', before: 'completed', after: 'handed_off' },
    ]);
  });

  test('a step that would not be done any more', () => {
    const other = { ...raw, execute: { steps: [{ id: 'a', ...command }] } };
    expect(changes(spec, worked, other)).toEqual([
      { what: 'dispatcher', step: 'b', before: 'command', after: null },
      { what: 'message', step: 'b', before: "/bin/b 'water the plants'", after: null },
    ]);
  });

  test('a request that would not be taken', () => {
    const other = { ...raw, input: { fields: { brand: { type: 'string', required: true } } } };
    expect(changes(spec, worked, other)).toEqual([
      { what: 'input', before: 'taken', after: expect.stringMatching(/^refused: .*brand/) },
    ]);
  });
});

describe('the key', () => {
  const own = spec.context.sha256('spec:water the plants');
  const start = { ...spec.start, key: own };
  const events = runSpec(raw, { input: 'water the plants' }).pastFrom(
    start,
    ...[begin('a'), done('a'), begin('b'), done('b'), verified],
  );
  const other = { ...raw, idempotency: { key: '{{date}}' } };

  test('that the definition makes would be another', () => {
    expect(changes(spec, events, other)).toEqual([
      { what: 'key', before: 'spec:water the plants', after: '2026-11-23' },
    ]);
  });

  test('that came with the request stays', () => {
    expect(changes(spec, worked, other)).toEqual([]);
  });
});

describe('of a run that went wrong', () => {
  test('the same failure comes of it, and a definition that bears it goes on', () => {
    const events = spec.past(begin('a'), failed(true, 'a'));
    expect(changes(spec, events, raw)).toEqual([]);
    const steps = [{ ...raw.execute.steps[0], onError: 'continue' }, raw.execute.steps[1]];
    expect(changes(spec, events, { ...raw, execute: { steps } })).toEqual([
      { what: 'dispatcher', step: 'b', before: null, after: 'command' },
      { what: 'message', step: 'b', before: null, after: "/bin/b 'water the plants'" },
      { what: 'end', before: 'failed at execute: exited with 1', after: 'completed' },
    ]);
  });

  test('what is in doubt stays in doubt: nobody makes up what came of it', () => {
    const events = spec.past(begin('a'), unknown('a'));
    const steps = [{ ...raw.execute.steps[0], args: ['x'] }, raw.execute.steps[1]];
    expect(changes(spec, events, { ...raw, execute: { steps } })).toEqual([
      { what: 'message', step: 'a', before: '/bin/true', after: '/bin/true x' },
    ]);
  });

  test('what a person found who looked after a doubt ends it here too: not sent is tried once more', () => {
    const resolved = (verdict: 'sent' | 'not-sent', ...rest: readonly Ask[]) =>
      spec.past(begin('a'), unknown('a'), { type: 'Resolve', verdict, by: 'kim' }, goOn, ...rest);
    const notSent = resolved('not-sent', begin('a'), done('a', 2), begin('b'), done('b'), verified);
    expect(changes(spec, notSent, raw)).toEqual([]);
    expect(changes(spec, resolved('sent', begin('b'), done('b'), verified), raw)).toEqual([]);
    const steps = [raw.execute.steps[0], { id: 'b', ...command }];
    expect(changes(spec, notSent, { ...raw, execute: { steps } })).toEqual([
      { what: 'message', step: 'b', before: "/bin/b 'water the plants'", after: '/bin/true' },
    ]);
  });

  test('a report that came before the end of the act was seen decides what the end means', () => {
    const steps = [{ ...raw.execute.steps[0], onError: 'continue' }, raw.execute.steps[1]];
    const bearing = { ...raw, execute: { steps } };
    const bears = runSpec(bearing, { input: 'water the plants' });
    const report: Ask = { type: 'Report', status: 'error', by: 'kim', step: 'a' };
    const events = bears.past(begin('a'), report, unknown('a'), begin('b'), done('b'), verified);
    expect(changes(bears, events, raw)).toEqual([
      { what: 'dispatcher', step: 'b', before: 'command', after: null },
      { what: 'message', step: 'b', before: "/bin/b 'water the plants'", after: null },
      { what: 'end', before: 'completed', after: expect.stringMatching(/^failed at execute/) },
    ]);
  });

  test('a no is a no under another definition too', () => {
    const risky = { ...raw, classify: { routes: [], fallback: { name: 'other', risk: 'high' } } };
    const asked = runSpec(risky, { input: 'water the plants' });
    const approvalId = asked.given(asked.past(begin('a'))).state.approvals[0]?.approvalId ?? '';
    const events = asked.past(begin('a'), { type: 'Reject', approvalId, by: 'kim', reason: 'not now' });
    expect(changes(asked, events, risky)).toEqual([]);
    expect(
      changes(asked, events, { ...risky, approval: [{ at: 'execute', onReject: 'skip' }] }),
    ).toMatchObject([{ what: 'end', before: 'cancelled', after: 'completed' }]);
  });
});
