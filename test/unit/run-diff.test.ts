/** Two runs side by side: what a person looks for is marked, and what differs always (ids, one-time words) is not. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { diffScreen } from '../../src/commands/render/diff-text.ts';
import { previewOf } from '../../src/events/envelope.ts';
import { lineDiff } from '../../src/projections/diff/line-diff.ts';
import { type DiffSide, diffRuns } from '../../src/projections/diff/run-diff.ts';
import { runSpec } from '../support/run-spec.ts';

const rawOf = (line: string) => ({
  classify: {
    routes: [{ name: 'garden', match: ['plants'], risk: 'low' }],
    fallback: { name: 'other', risk: 'low' },
  },
  plan: { garden: ['look', line], other: ['wait'] },
});
const sideOf = (line: string, input: string, nonce: string): DiffSide => {
  const spec = runSpec(rawOf(line), { input });
  const run = spec.given(spec.past({ type: 'BeginStep', step: 'main', nonce })).state;
  const messages = new Map(run.effects.map(({ step, preview }) => [step, previewOf(preview)]));
  return { run, task: input, messages, answers: new Map() };
};

describe('two runs', () => {
  test('of the same work differ in nothing, whatever one-time words they had', () => {
    const a = sideOf('water', 'the plants', 'first-word');
    const b = sideOf('water', 'the plants', 'other-word');
    const { rows, texts } = diffRuns(a, { ...b, run: { ...b.run, key: 'another-key' } });
    expect(rows.filter(({ same }) => !same)).toEqual([]);
    expect(texts.filter(({ same }) => !same)).toEqual([]);
  });

  test('of another definition: the plan, and the message line by line', () => {
    const { rows, texts } = diffRuns(
      sideOf('water', 'the plants', 'first-word'),
      sideOf('water twice', 'the plants', 'other-word'),
    );
    expect(rows.filter(({ same }) => !same).map(({ what }) => what)).toEqual(['definition']);
    expect(texts.find(({ what }) => what === 'plan')?.lines).toEqual([
      { mark: ' ', text: 'look' },
      { mark: '-', text: 'water' },
      { mark: '+', text: 'water twice' },
    ]);
    const changed = texts
      .find(({ what }) => what === 'message main')
      ?.lines.filter(({ mark }) => mark !== ' ')
      .map(({ mark, text }) => `${mark}${text.replace(/^\W*\d*\W*/, '')}`);
    expect(changed).toEqual(['-water', '+water twice']);
  });

  test('on the screen: what differs has a star, texts with what stands around it', () => {
    const diff = diffRuns(sideOf('water', 'the plants', 'w-first'), sideOf('water', 'sing', 'w-other'));
    const screen = diffScreen('A', 'B', {
      ...diff,
      texts: diff.texts.filter(({ what }) => !what.startsWith('message')),
    });
    const rows = screen
      .replace(/[0-9a-f]{12}/g, 'HASH')
      .replace(/\b {2,}|(?<=-) {2,}/g, '  ')
      .replace(/^ {2,}/gm, '  ')
      .replace(/^\* +/gm, '* ');
    expect(rows).toBe(`  a A  b B
  workflow  spec  spec
  definition  HASH  HASH
* route  garden  other
  risk  low  low
* words  plants  -
  asked  -  -
  status  running  running
  outcome  -  -
  error  -  -
  step main  manual, handed off, attempt 1  manual, handed off, attempt 1
  took intake  0.0 s  0.0 s
  took classify  0.0 s  0.0 s
  took plan  0.0 s  0.0 s
  took configure_tools  0.0 s  0.0 s
  took execute  0.0 s  0.0 s

* task (- a, + b)
  - the plants
  + sing

* plan (- a, + b)
  - look
  - water
  + wait

the same: answer main
`);
  });
});

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((all) => all.join('\n'));

property.prop([lines, lines])('both texts can be read off the difference', (a, b) => {
  const diff = lineDiff(a, b);
  const read = (without: string): readonly string[] =>
    diff.filter(({ mark }) => mark !== without).map(({ text }) => text);
  const linesOf = (text: string): readonly string[] =>
    text === '' ? [] : text.replace(/\n$/, '').split('\n');
  expect(read('+')).toEqual(linesOf(a));
  expect(read('-')).toEqual(linesOf(b));
});

test('texts too long to compare line by line are told whole, and nothing is lost', () => {
  const many = (word: string): string => Array.from({ length: 3000 }, (_, i) => `${word} ${i}`).join('\n');
  const diff = lineDiff(`same\n${many('a')}\nend`, `same\n${many('b')}\nend`);
  expect(diff.filter(({ mark }) => mark === '-')).toHaveLength(3000);
  expect(diff.filter(({ mark }) => mark === '+')).toHaveLength(3000);
  expect(diff.filter(({ mark }) => mark === ' ').map(({ text }) => text)).toEqual(['same', 'end']);
});
