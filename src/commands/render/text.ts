/** Small pieces of text for people: durations, times, one-line previews. No locale: the same everywhere. */

/** `0.1 s`, `2m 41s`, `3h 05m`, `2 days`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor(seconds % 60))}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)} days`;
}

/** `just now`, `3 hours ago`. */
export function ago(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  if (!Number.isFinite(ms) || ms < 5000) return 'just now';
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const;
  for (const [name, size] of units) {
    const n = Math.floor(ms / size);
    if (n >= 1) return `${n} ${name}${n === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

/** `2026-11-23 01:35`, UTC. */
export const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** Until when a question can be answered, and what becomes of its run then. */
export const expiry = (expiresAt: string | undefined, onExpire: 'cancel' | 'skip' | undefined): string =>
  expiresAt === undefined
    ? 'never'
    : `${minute(expiresAt)} UTC, then the run ${onExpire === 'skip' ? 'goes on without' : 'is cancelled'}`;

/** On one line, {@link safe}, cut with an ellipsis. */
export function oneLine(text: string, width: number): string {
  const flat = safe(text).replace(/\s+/g, ' ').trim();
  return flat.length <= width ? flat : `${flat.slice(0, Math.max(1, width - 1))}…`;
}

/**
 * Text of somebody else on our terminal: no escape sequences, newlines and tabs kept. What is invisible or turns the
 * direction of writing is shown as its number, or a text could read otherwise than it is.
 */
export const safe = (text: string): string =>
  PLAIN.test(text) ? text : text.replace(control(), '').replace(unseen(), (char) => numberOf(char));

/** As {@link safe}, with control characters shown too: for what a person agrees to, to its last character. */
export const exact = (text: string): string =>
  text.replace(control(), (char) => numberOf(char)).replace(unseen(), (char) => numberOf(char));

/** Most texts by far. The classes below are made when asked for: a regular expression of them takes half a millisecond. */
const PLAIN = /^[\n\t -~]*$/;
const control = (): RegExp => /(?![\n\t])\p{Cc}/gu;
/** Formats (bidi, zero width, tags), line and paragraph separators, lone surrogates, fillers; not emoji's variations. */
const unseen = (): RegExp =>
  /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}/gu;
const numberOf = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

const pad = (n: number): string => String(n).padStart(2, '0');

/** Left-aligned columns, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => `${by}${line}`.trimEnd())
    .join('\n');
