/** The figures that have a target, one JSON line each in the file BENCH_FIGURES: what `npm run bench` makes one table of. */
import { appendFileSync } from 'node:fs';

export type Figure = {
  readonly what: string;
  readonly value: number;
  /** A ratio where it is empty. */
  readonly unit?: string;
  /** Absent where a figure only stands beside others. */
  readonly target?: number;
  /** Whether more is better; less is, otherwise. */
  readonly atLeast?: boolean;
};

export const note = (...figures: readonly Figure[]): void => {
  const file = process.env.BENCH_FIGURES;
  if (file === undefined) return;
  appendFileSync(file, figures.map((figure) => `${JSON.stringify(figure)}\n`).join(''));
};
