/** Markdown that text of any kind cannot break out of. */

/** The text in a code fence longer than any run of backticks inside it; nothing in it is read as markdown. */
export function fenced(text: string): string {
  let longest = 0;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}\n`;
}

/** The text inside a list item: lines after the first are indented, so that they stay part of the item. */
export const inListItem = (text: string): string => text.replace(/\r\n?|\n/g, '\n  ');

/** The text on one line and at most `limit` characters, for lists. */
export function oneLine(text: string, limit: number): string {
  const head = text.slice(0, limit * 4);
  const flat = head.replace(/\s+/g, ' ').trim();
  if (flat.length <= limit && head.length === text.length) return flat;
  return `${wholeCharacters(flat.slice(0, limit - 1))}…`;
}

/** A cut text without the half surrogate pair the cut may have left: that cannot be stored as UTF-8. */
export const wholeCharacters = (cut: string): string =>
  /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;

/**
 * The text without control characters, line ends and tabs apart: a terminal that shows the file must not obey it.
 * The log and the run's record keep them.
 */
export const withoutControls = (text: string): string =>
  PLAIN.test(text) ? text : text.replace(/\r\n?/g, '\n').replace(/(?![\n\t])\p{Cc}/gu, '');

/** Most texts by far: the class of control characters costs a process more, the first time, than the whole summary. */
const PLAIN = /^[\n\t -~]*$/;
