/**
 * The time as it is written everywhere: ISO 8601, UTC, milliseconds. Date's own `toISOString` looks up the machine's
 * time zone when it is first called, which costs a short command more than all its other work with time.
 */

const DAY_MS = 86_400_000;

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/** What `new Date(ms).toISOString()` answers for the years 1970 to 9999. */
export function isoTime(ms: number): string {
  const whole = Math.trunc(ms);
  const days = Math.floor(whole / DAY_MS);
  const inDay = whole - days * DAY_MS;
  const time = `${digits(Math.floor(inDay / 3_600_000), 2)}:${digits(Math.floor(inDay / 60_000) % 60, 2)}:${digits(Math.floor(inDay / 1000) % 60, 2)}`;
  return `${isoDay(days)}T${time}.${digits(inDay % 1000, 3)}Z`;
}

/** From days since 1970, with years that begin in March, so that a leap day is the last of its year. */
function isoDay(days: number): string {
  const fromMarch0000 = days + 719_468;
  const era = Math.floor(fromMarch0000 / 146_097);
  const dayOfEra = fromMarch0000 - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}
