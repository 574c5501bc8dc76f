/** Options whose value is a number or a time, checked before anything is opened. */
import { usageError } from '../errors.ts';
import { DURATION_HELP, parseDuration } from '../workflow/duration.ts';
import { type Invocation, option } from './verb.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/** `--limit`: 1 to 1000. @throws {WfError} exit 2 */
export const limitOf = (invocation: Invocation): number =>
  wholeNumber(invocation, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT;

/** @throws {WfError} exit 2 when the option is there and no whole number from `min` to `max` */
export function wholeNumber(
  invocation: Invocation,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = option(invocation, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(
    'number-invalid',
    `--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
    { where: `--${name}`, hint: `For example: --${name} ${Math.min(max, Math.max(min, DEFAULT_LIMIT))}` },
  );
}

const ISO_DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** `--since`. @throws {WfError} exit 2 */
export const sinceOf = (invocation: Invocation, nowMs: number): string | undefined =>
  timeOf(invocation, 'since', nowMs);

/** An ISO time, or a span before now; as ISO 8601. @throws {WfError} exit 2 */
export function timeOf(invocation: Invocation, name: string, nowMs: number): string | undefined {
  const text = option(invocation, name);
  if (text === undefined) return undefined;
  const span = parseDuration(text);
  const at = span === undefined ? (ISO_DATE.test(text) ? Date.parse(text) : Number.NaN) : nowMs - span;
  if (!Number.isNaN(at)) return new Date(Math.max(0, at)).toISOString();
  throw usageError(`${name}-invalid`, `--${name} ${JSON.stringify(text)} is no time`, {
    where: `--${name}`,
    hint: `Give an ISO time such as 2026-11-23 or 2026-11-23T08:00:00Z, or ${DURATION_HELP}.`,
  });
}
