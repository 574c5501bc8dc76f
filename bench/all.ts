/**
 * `npm run bench [-- runs]`: every bench, one after the other, and at the end one table of what has a target. Figures
 * only. The long history has 20,000 runs unless another number is given; `-- 1000000` takes half an hour and 12 GB.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figures.ts';

const [runs = '20000'] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(runs)) throw new Error(`${runs} is no number of runs`);

const scratch = mkdtempSync(join(tmpdir(), 'wf-bench-all-'));
const file = join(scratch, 'figures.jsonl');
const env = { ...process.env, BENCH_FIGURES: file };

const part = (title: string, name: string, ...args: readonly string[]): void => {
  console.log(`\n${title}`);
  const path = join(import.meta.dirname, name);
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
};

const shown = ({ value, unit }: Figure): string =>
  unit === undefined ? value.toFixed(2) : `${value >= 100 ? Math.round(value) : value.toFixed(2)} ${unit}`;

const row = (figure: Figure): string => {
  const { what, value, target, unit, atLeast = false } = figure;
  if (target === undefined) return `${what.padEnd(58)}${shown(figure).padStart(18)}`;
  const wanted = `${atLeast ? '>=' : '<='} ${shown({ what, value: target, ...(unit === undefined ? {} : { unit }) })}`;
  const reached = atLeast ? value >= target : value <= target;
  return `${what.padEnd(58)}${shown(figure).padStart(18)}${wanted.padStart(22)}  ${reached ? 'reached' : 'missed'}`;
};

/** Of what was measured in several rounds the best one: the others say how busy the machine was. */
function bestOf(figures: readonly Figure[]): Iterable<Figure> {
  const best = new Map<string, Figure>();
  for (const figure of figures) {
    const { value = Number.NaN } = best.get(figure.what) ?? {};
    const isWorse = figure.atLeast === true ? figure.value <= value : figure.value >= value;
    if (!isWorse) best.set(figure.what, figure);
  }
  return best.values();
}

try {
  part('Start-up, beside `node -e 0`', 'start-up.ts');
  part('On a long history, beside an empty home', 'scale.ts', runs);
  part('Runs of one process', 'in-process.ts');
  part('A whole log', 'fold.ts', runs);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(
    `\nNode ${process.version}, ${cpus().length} CPUs, ${runs} runs of history; load ${load.join(' ')}`,
  );
  for (const figure of bestOf(lines.map((line) => JSON.parse(line) as Figure))) console.log(row(figure));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
