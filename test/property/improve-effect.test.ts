/** What is said about an applied improvement: never by chance alone, never from too little, never by the order of runs. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { type EndedRun, effectOf, MIN_SAMPLE } from '../../src/workflow/improve/effect.ts';
import { rankShift } from '../../src/workflow/improve/rank-shift.ts';

const APPLIED = { seq: 1_000, intendedAt: '2026-02-01T00:00:00.000Z' };
const carries = (hash: string): boolean | null => (hash === 'lost' ? null : hash.startsWith('with'));

type Given = Partial<Omit<EndedRun, 'runId' | 'firstSeq'>>;
const runs = (from: number, definitionHash: string, given: readonly Given[]): EndedRun[] =>
  given.map((one, i) => ({
    runId: `R${from + i}`,
    firstSeq: from + i,
    createdAt: '2026-01-01T00:00:00.000Z',
    definitionHash,
    status: 'completed',
    durationMs: 1_000,
    score: null,
    ...one,
  }));
const effect = (before: readonly Given[], after: readonly Given[]) =>
  effectOf(APPLIED, [...runs(1, 'old', before), ...runs(1_001, 'with', after)], carries);
const many = (n: number, one: Given): Given[] => Array.from({ length: n }, () => one);

const given: fc.Arbitrary<Given> = fc.record({
  status: fc.constantFrom('completed' as const, 'failed' as const),
  durationMs: fc.option(fc.nat({ max: 10_000 }), { nil: null }),
  score: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
});
const side = fc.array(given, { maxLength: 30 });
const MIRROR = { better: 'worse', worse: 'better', same: 'same', 'too-few': 'too-few' } as const;

test.prop([side, side])('the other way round, better is worse', (a, b) => {
  const there = effect(a, b);
  const back = effect(b, a);
  for (const what of ['score', 'failures', 'duration'] as const) expect(back[what]).toBe(MIRROR[there[what]]);
});

test.prop([side, side, fc.infiniteStream(fc.nat())])(
  'the order of the runs does not matter',
  (a, b, keys) => {
    const inOrder = [...runs(1, 'old', a), ...runs(1_001, 'with', b)];
    const mixed = inOrder
      .map((run) => ({ run, key: keys.next().value }))
      .sort((x, y) => x.key - y.key)
      .map(({ run }) => run);
    expect(effectOf(APPLIED, mixed, carries)).toEqual(effectOf(APPLIED, inOrder, carries));
  },
);

test.prop([side])('the same runs on both sides are the same', (a) => {
  const { score, failures, duration, verdict } = effect(a, a);
  for (const found of [score, failures, duration, verdict]) expect(['same', 'too-few']).toContain(found);
});

test.prop([side, fc.array(given, { maxLength: MIN_SAMPLE - 1 })])('a few runs say nothing', (a, few) => {
  for (const { score, failures, duration, verdict } of [effect(a, few), effect(few, a)])
    expect([score, failures, duration, verdict]).toEqual(many(4, {}).map(() => 'too-few'));
});

test.prop([
  fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }),
  fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }),
])('the ranks are those of a count of all pairs', (a, b) => {
  const pairs = a.flatMap((x) => b.map((y) => (y > x ? 1 : y === x ? 0.5 : 0)));
  const u = pairs.reduce<number>((sum, one) => sum + one, 0);
  expect(Math.sign(rankShift(a, b))).toBe(Math.sign(u - (a.length * b.length) / 2));
});

describe('it is worse', () => {
  plain.each([
    [
      'failing more often, clearly',
      many(10, {}),
      [...many(7, {}), ...many(3, { status: 'failed' })],
      'worse',
    ],
    ['failing once more, which may be chance', many(10, {}), [...many(9, {}), { status: 'failed' }], 'same'],
    ['rated lower', many(8, { score: 5 }), many(6, { score: 3 }), 'worse'],
    ['twice as slow', many(6, { durationMs: 1_000 }), many(6, { durationMs: 2_000 }), 'worse'],
    [
      'a little slower, in every run',
      many(50, { durationMs: 1_000 }),
      many(50, { durationMs: 1_100 }),
      'same',
    ],
    [
      'slower, and better rated: the price',
      many(6, { score: 2 }),
      many(6, { score: 5, durationMs: 9_000 }),
      'better',
    ],
    [
      'better rated, and failing: it fails',
      many(9, { score: 2 }),
      [...many(5, { score: 5 }), ...many(5, { status: 'failed' as const })],
      'worse',
    ],
    [
      'one run of three days among quick ones',
      many(9, {}),
      [...many(8, {}), { durationMs: 259_200_000 }],
      'same',
    ],
  ] as const)('%s: %#', (_what, before, after, verdict) => {
    expect(effect(before, after).verdict).toBe(verdict);
  });
});

describe('which runs are which', () => {
  plain('is said by the definition they are pinned to; the rest is left out, and counted', () => {
    const all = [
      ...runs(1, 'old', many(2, {})),
      // Resumed with the new definition, reverted since, edited by hand, lost.
      ...runs(10, 'with', many(1, {})),
      ...runs(1_001, 'with', many(3, {})),
      ...runs(1_010, 'with another change too', many(1, {})),
      ...runs(1_020, 'old', many(4, {})),
      ...runs(1_030, 'lost', many(1, {})),
    ];
    const found = effectOf(APPLIED, all, carries);
    expect(found).toMatchObject({
      before: { runs: 2, versions: 1 },
      after: { runs: 4, versions: 2 },
      leftOut: 6,
    });
  });

  plain('is said by the time where nothing else is known: runs of the script engine', () => {
    const imported = runs(2_000, '', [
      { createdAt: '2026-01-31T00:00:00.000Z' },
      { createdAt: '2026-02-02T00:00:00.000Z' },
    ]);
    expect(effectOf(APPLIED, imported, carries)).toMatchObject({ before: { runs: 1 }, after: { runs: 1 } });
  });

  plain('those nearest to the change: a hundred on either side', () => {
    const late = [...many(100, {}), ...many(400, { status: 'failed' as const })];
    const early = [...many(400, { status: 'failed' as const }), ...many(100, {})];
    expect(effect(early, late)).toMatchObject({
      before: { runs: 100, failed: 0 },
      after: { runs: 100, failed: 0 },
    });
  });
});
