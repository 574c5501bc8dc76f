/** How long an act of a route may take: the step's own time, else the route's, else the definition's default. */
import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';
import { begin, command, done, runSpec, verified } from '../support/run-spec.ts';

const raw = {
  defaults: { timeout: '1m' },
  classify: {
    routes: [
      { name: 'deep', match: ['survey'], risk: 'low', timeout: '90m' },
      { name: 'quick', match: ['glance'], risk: 'low' },
    ],
    fallback: { name: 'brief', risk: 'low', timeout: '5m' },
  },
  execute: {
    steps: [
      { id: 'open', ...command },
      { id: 'own', ...command, timeout: '7s' },
    ],
  },
  verify: { command: { command: '/bin/check' } },
  deliver: { actions: [{ id: 'send', ...command }] },
};

/** In order: the step without a time, the step with its own, the check, the action. */
function timesMs(input: string): readonly number[] {
  const spec = runSpec(raw, { input });
  const asks = [
    begin('open'),
    done('open'),
    begin('own'),
    done('own'),
    begin('verify.command'),
    done('verify.command'),
    verified,
    begin('deliver.send'),
  ];
  return asks.flatMap((ask, i) => {
    if (ask.type !== 'BeginStep') return [];
    const due = spec.given(spec.past(...asks.slice(0, i + 1))).next();
    if (due.type !== 'perform' || due.effect.kind !== 'dispatch') throw new Error(JSON.stringify(due));
    return [due.effect.effect.timeoutMs];
  });
}

describe('an act may take', () => {
  test.each([
    ['a survey', 'the time of its route', [5_400_000, 7_000, 60_000, 60_000]],
    ['a glance', 'the default where its route has none', [60_000, 7_000, 60_000, 60_000]],
    ['anything', 'the time of the fallback', [300_000, 7_000, 60_000, 60_000]],
  ])('%s: %s; a step keeps its own, check and action the default', (input, _what, expected) => {
    expect(timesMs(input)).toEqual(expected);
  });

  test('the route that was asked for, whatever the words say', () => {
    const spec = runSpec(raw, { input: 'a glance', route: 'deep' });
    expect(spec.given(spec.past(begin('open'))).next()).toMatchObject({
      effect: { effect: { timeoutMs: 5_400_000 } },
    });
  });
});

test('zero, a number and what is no duration are refused, with their place', () => {
  for (const timeout of ['0s', 90, 'long']) {
    const routes = [{ name: 'deep', match: ['x'], risk: 'low', timeout }];
    expect(checkDefinition({ id: 'spec', execute: command, classify: { routes } })).toMatchObject([
      { severity: 'error', path: ['classify', 'routes', 0, 'timeout'] },
    ]);
  }
});
