/** Two runs side by side for people: what differs is marked, what is the same is said in a word. */
import type { DiffLine } from '../../projections/diff/line-diff.ts';
import type { RunDiff } from '../../projections/diff/run-diff.ts';
import { duration, oneLine, safe, table } from './text.ts';

const COLUMN = 48;
/** Lines that are the same are shown next to those that are not, this many on each side. */
const CONTEXT = 2;

export function diffScreen(a: string, b: string, diff: RunDiff): string {
  const cell = (text: string): string => oneLine(text, COLUMN);
  const time = (ms: number | null): string => (ms === null ? '-' : duration(ms));
  const rows = [
    ['  ', '', `a ${a}`, `b ${b}`],
    ...diff.rows.map(({ what, a: left, b: right, same }) => [
      same ? '  ' : '* ',
      what,
      cell(left),
      cell(right),
    ]),
    ...diff.durations
      .filter(isKnown)
      .map(({ what, a: left, b: right }) => ['  ', `took ${what}`, time(left), time(right)]),
  ];
  const texts = diff.texts
    .filter(({ same }) => !same)
    .map(({ what, lines }) => `\n* ${what} (- a, + b)\n${hunks(lines)}`);
  const same = diff.texts.filter((text) => text.same).map(({ what }) => what);
  return `${table(rows)}${texts.join('')}${same.length === 0 ? '' : `\nthe same: ${same.join(', ')}\n`}`;
}

const isKnown = ({ a, b }: RunDiff['durations'][number]): boolean => a !== null || b !== null;

/** What changed, with a few lines around it. */
export function hunks(lines: readonly DiffLine[]): string {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ mark }) => mark !== ' '),
  );
  let text = '';
  lines.forEach(({ mark, text: line }, i) => {
    if (near[i] === true) text += `${`  ${mark} ${safe(line)}`.trimEnd()}\n`;
    else if (i === 0 || near[i - 1] === true) text += '    …\n';
  });
  return text;
}
