/**
 * The one place that knows croner: when a cron expression comes round on the clock of a timezone. A pure function of
 * both (and of the machine's timezone data); nothing here waits or keeps a timer. Loaded only where there are schedules.
 */
import { Cron } from 'croner';

/** Names for common expressions, and single times, are croner's own; five fields are what everybody knows. */
const FIVE_FIELDS = /^\S+(?:\s+\S+){4}$/;

const cronOf = (cron: string, timezone: string): Cron =>
  new Cron(cron, { timezone, mode: '5-part', paused: true });

/** Why it cannot be used, as a sentence about its field; null when it can. */
export function cronProblem(
  cron: string,
  timezone: string,
): { readonly field: 'cron' | 'timezone'; readonly message: string } | null {
  if (!isTimezone(timezone))
    return {
      field: 'timezone',
      message: `expected the name of a timezone, such as "Europe/Berlin" or "UTC", got ${JSON.stringify(timezone)}`,
    };
  if (!FIVE_FIELDS.test(cron.trim()))
    return {
      field: 'cron',
      message: `expected five fields (minute, hour, day of month, month, day of week), such as "30 2 * * *", got ${JSON.stringify(cron)}`,
    };
  try {
    if (cronOf(cron, timezone).nextRun() !== null) return null;
    return { field: 'cron', message: `${JSON.stringify(cron)} never comes round` };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return { field: 'cron', message: `${JSON.stringify(cron)} is no cron expression: ${why}` };
  }
}

/** Offsets such as "+01:00" know no summer time, so they are not taken for a place. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Slots after one time up to and with another (ISO 8601), oldest first, at most `limit`. */
export function slotsBetween(
  cron: string,
  timezone: string,
  after: string,
  upTo: string,
  limit: number,
): readonly string[] {
  const expression = cronOf(cron, timezone);
  const slots: string[] = [];
  for (let last = after; slots.length < limit; ) {
    const next = expression.nextRun(new Date(last))?.toISOString();
    if (next === undefined || next > upTo || next <= last) break;
    slots.push(next);
    last = next;
  }
  return slots;
}

/** The next slots after a time (ISO 8601). */
export const slotsAfter = (cron: string, timezone: string, after: string, count: number): readonly string[] =>
  slotsBetween(cron, timezone, after, '9999', count);

/** `YYYY-MM-DD` of a time on the clock of a timezone. */
export const dateIn = (timezone: string, iso: string): string =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(new Date(iso));
