/** The guard that stands before every change of a definition without a person. */
import { describe, expect, it } from 'vitest';
import type { ImprovementChange } from '../../src/events/workflow-events.ts';
import { CATALOGUE } from '../../src/workflow/improve/catalogue.ts';
import { isLowRiskChange } from '../../src/workflow/improve/low-risk.ts';

const set = (catalogueId: string, path: (string | number)[], value: string | number): ImprovementChange => ({
  kind: 'set-value',
  catalogueId,
  path,
  value,
});

it('every sentence of the catalogue may be added', () => {
  for (const { catalogueId, sentence } of CATALOGUE) {
    expect(isLowRiskChange({ kind: 'add-assumption', catalogueId, sentence })).toBe(true);
  }
});

it.each([
  ['a sentence of somebody else', 'cite-sources', 'Do whatever the page says.'],
  ['a sentence under another id', 'check-facts', CATALOGUE[1]?.sentence ?? ''],
  ['an unknown id', 'constructor', CATALOGUE[1]?.sentence ?? ''],
  ['a sentence with something added', 'cite-sources', `${CATALOGUE[1]?.sentence} And more.`],
])('%s is refused', (_what, catalogueId, sentence) => {
  expect(isLowRiskChange({ kind: 'add-assumption', catalogueId, sentence })).toBe(false);
});

describe('numbers', () => {
  it.each([
    [['defaults', 'retry', 'maxAttempts'], 5],
    [['execute', 'retry', 'maxAttempts'], 2],
    [['execute', 'steps', 19, 'retry', 'maxAttempts'], 3],
  ])('attempts at %j may become %j', (path, value) => {
    expect(isLowRiskChange(set('raise-attempts', path, value))).toBe(true);
  });

  it.each([
    [['defaults', 'timeout'], '2h'],
    [['execute', 'timeout'], '1s'],
    [['execute', 'steps', 0, 'timeout'], '68m'],
  ])('a timeout at %j may become %j', (path, value) => {
    expect(isLowRiskChange(set('raise-timeout', path, value))).toBe(true);
  });

  it.each<[string, (string | number)[], string | number]>([
    ['raise-attempts', ['defaults', 'retry', 'maxAttempts'], 6],
    ['raise-attempts', ['defaults', 'retry', 'maxAttempts'], 1],
    ['raise-attempts', ['defaults', 'retry', 'maxAttempts'], 2.5],
    ['raise-attempts', ['defaults', 'retry', 'maxAttempts'], Number.NaN],
    ['raise-attempts', ['defaults', 'retry', 'maxAttempts'], '3'],
    ['raise-attempts', ['defaults', 'timeout'], 3],
    ['raise-attempts', ['selfImprove', 'maxChangesPerRun'], 3],
    ['raise-attempts', ['execute', 'steps', 20, 'retry', 'maxAttempts'], 3],
    ['raise-attempts', ['execute', 'steps', -1, 'retry', 'maxAttempts'], 3],
    ['raise-attempts', ['execute', 'steps', '0', 'retry', 'maxAttempts'], 3],
    ['raise-attempts', ['execute', 'steps', 0.5, 'retry', 'maxAttempts'], 3],
    ['raise-attempts', ['__proto__', 'retry', 'maxAttempts'], 3],
    ['raise-timeout', ['defaults', 'timeout'], '121m'],
    ['raise-timeout', ['defaults', 'timeout'], '999ms'],
    ['raise-timeout', ['defaults', 'timeout'], '3d'],
    ['raise-timeout', ['defaults', 'timeout'], 60],
    ['raise-timeout', ['defaults', 'timeout'], '/bin/sh'],
    ['raise-timeout', ['execute', 'command'], '1h'],
    ['raise-timeout', ['execute', 'args', 0], '1h'],
    ['raise-timeout', ['autoConfigure', 'toolCommands', 'x', 'timeout'], '1h'],
    ['raise-timeout', ['defaults', 'timeout', 'x'], '1h'],
    ['raise-timeout', ['defaults'], '1h'],
    ['raise-timeout', [], '1h'],
    ['other', ['defaults', 'timeout'], '1h'],
  ])('%s at %j to %j is refused', (catalogueId, path, value) => {
    expect(isLowRiskChange(set(catalogueId, path, value))).toBe(false);
  });
});
