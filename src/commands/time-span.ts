/** The time a person means: a day, an hour, a minute, or a span before now. */
import { parseDuration } from '../workflow/duration.ts';

/** ISO 8601; `to` is the first moment that is no part of it. */
export type TimeSpan = { readonly from: string; readonly to: string };

const DAY_MS = 86_400_000;
const AROUND_MS = 30 * 60_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?$/;

/**
 * `2026-11-23`: that day (UTC). `2026-11-23T08:00Z`: half an hour before it to half an hour after. `2h`: since then.
 * @returns null for what is no time
 */
export function timeSpanOf(text: string, nowMs: number): TimeSpan | null {
  const back = parseDuration(text);
  if (back !== undefined) return span(nowMs - back, nowMs + 1);
  if (!DAY.test(text) && !TIME.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  return DAY.test(text) ? span(at, at + DAY_MS) : span(at - AROUND_MS, at + AROUND_MS);
}

const span = (fromMs: number, toMs: number): TimeSpan => ({
  from: new Date(Math.max(0, fromMs)).toISOString(),
  to: new Date(Math.max(0, toMs)).toISOString(),
});
