/** Durations as definitions write them (`500ms`, `30s`, `10m`, `2h`, `7d`); inside the program they are milliseconds. */
import { bug } from '../errors.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

/** At most nine digits: every product below stays an exact integer. */
export const DURATION_PATTERN = /^(\d{1,9})(ms|s|m|h|d)$/;

export const DURATION_HELP = 'a duration such as "500ms", "30s", "10m", "2h" or "7d"';

/** Longest timeout or pause a definition may ask for. */
export const MAX_DURATION_MS = 7 * 86_400_000;

/** Milliseconds, or undefined when the text is no duration. */
export const parseDuration = (text: string): number | undefined => {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return undefined;
  const unit = UNIT_MS.get(match[2] ?? '');
  return unit === undefined ? undefined : Number(match[1]) * unit;
};

/** Milliseconds of a duration in a definition that was validated. */
export const durationMs = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined) throw bug(`not a duration: ${JSON.stringify(text)}`);
  return ms;
};

/** The shortest spelling that parses back to exactly `ms`, a non-negative integer. */
export const formatDuration = (ms: number): string => {
  for (const [unit, size] of UNIT_MS) {
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return '0s';
};
