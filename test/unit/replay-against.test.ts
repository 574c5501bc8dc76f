/** A record decided again: the same by its own definition, and the first difference by another; never with a world. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../src/workflow/context.ts';
import type { DecidedEvent } from '../../src/workflow/decide.ts';
import type { FoldableEvent } from '../../src/workflow/evolve.ts';
import { type Replayed, replayAgainst } from '../../src/workflow/replay/replay-against.ts';
import { withoutWorld } from '../support/no-world.ts';
import { begin, done, failed, NOW, resumed, runSpec, unknown } from '../support/run-spec.ts';

const command = { dispatcher: 'command', command: '/bin/do', args: ['{{task}}'] };
const raw = {
  classify: {
    routes: [{ name: 'garden', match: ['plants'], risk: 'low' }],
    fallback: { name: 'other', risk: 'low' },
  },
  plan: { garden: ['look', 'water'] },
  execute: { command: '/bin/do', args: ['a'] },
};
const recorded = (events: readonly DecidedEvent[]): readonly FoldableEvent[] =>
  events.map((event, i) => ({ ...event, ts: NOW, streamVersion: i + 1 }));
const replay = (context: RunContext, events: readonly DecidedEvent[]): Replayed =>
  withoutWorld(() => replayAgainst(context, recorded(events)));
const by = (other: object): RunContext => runSpec(other as typeof raw, { input: 'the plants' }).context;
const spec = runSpec(raw, { input: 'the plants' });
const worked = spec.past(begin(), done());

describe('by its own definition', () => {
  test.each([
    ['done', worked],
    ['failed and resumed', spec.past(begin(), failed(true), resumed)],
    ['in doubt', spec.past(begin(), unknown())],
    ['cancelled', spec.past(begin(), { type: 'Cancel', by: 'kim', reason: 'no more' })],
  ])('a run that was %s comes out the same', (_what, events) => {
    expect(replay(spec.context, events)).toEqual({ same: events.length, divergence: null });
  });
});

describe('by another definition, the first difference is', () => {
  test('the route, with the fields that differ', () => {
    const routes = [{ name: 'botany', match: ['plants'], risk: 'low' }];
    const { divergence } = replay(by({ ...raw, classify: { ...raw.classify, routes } }), worked);
    expect(divergence).toMatchObject({
      recorded: { type: 'StageCompleted', data: { stage: 'classify', output: { route: 'garden' } } },
      decided: { type: 'StageCompleted', data: { stage: 'classify', output: { route: 'botany' } } },
      fields: ['output'],
    });
  });

  test('the plan', () => {
    const { divergence, same } = replay(by({ ...raw, plan: { garden: ['water'] } }), worked);
    expect(divergence).toMatchObject({ decided: { data: { stage: 'plan', output: { steps: ['water'] } } } });
    expect(worked[same]).toMatchObject({ data: { stage: 'plan' } });
  });

  test('what would be dispatched', () => {
    const { divergence } = replay(by({ ...raw, execute: { command: '/bin/do', args: ['b'] } }), worked);
    expect(divergence).toMatchObject({
      recorded: { type: 'EffectIntended', data: { preview: '/bin/do a' } },
      decided: { type: 'EffectIntended', data: { preview: '/bin/do b' } },
      fields: ['preview'],
    });
  });

  test('a question that nobody was asked', () => {
    const { divergence } = replay(by({ ...raw, approval: [{ at: 'execute' }] }), worked);
    expect(divergence).toMatchObject({
      recorded: { type: 'EffectIntended' },
      decided: { type: 'ApprovalRequested' },
      fields: [],
    });
  });

  test('that nothing more is to be done where the record goes on', () => {
    const two = runSpec({
      ...raw,
      execute: {
        steps: [
          { id: 'a', ...command },
          { id: 'b', ...command },
        ],
      },
    });
    const events = two.past(begin('a'), done('a'), begin('b'));
    const one = runSpec({ ...raw, execute: { steps: [{ id: 'a', ...command }] } }).context;
    const { divergence } = replay(one, events);
    expect(divergence).toMatchObject({
      recorded: { type: 'EffectIntended', data: { step: 'b' } },
      decided: { type: 'StageCompleted', data: { stage: 'execute' } },
    });
  });
});

test('where there is no world, touching it is an error: the property is about something', () => {
  expect(() => withoutWorld(() => readFileSync('/dev/null'))).toThrow('there is no world');
  expect(() => withoutWorld(() => readFile('/dev/null'))).toThrow('there is no world');
  expect(() => withoutWorld(() => spawn('/bin/true'))).toThrow('there is no world');
  expect(() => withoutWorld(() => fetch('http://127.0.0.1:9/'))).toThrow('there is no world');
  expect(readFileSync('/dev/null')).toHaveLength(0);
  expect(fetch.name).toBe('fetch');
});
