/** The calendar day of this machine, as people count "a day": limits by the day begin anew at midnight here. */

export type CalendarDay = {
  /** ISO 8601: its first instant, and that of the next one. */
  readonly since: string;
  readonly until: string;
};

/** @param nowMs milliseconds since 1970. Days of 23 and 25 hours are what the time zone makes them. */
export function dayOf(nowMs: number): CalendarDay {
  const midnight = new Date(nowMs);
  midnight.setHours(0, 0, 0, 0);
  const next = new Date(midnight);
  next.setDate(next.getDate() + 1);
  return { since: midnight.toISOString(), until: next.toISOString() };
}
