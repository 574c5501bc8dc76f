/**
 * Cuts and insertions in a JSON text that leave every other byte alone: comments, order, spacing and line ends stay
 * as somebody wrote them. A general formatter would tidy the lines around a change; this never does.
 */
import type { Node } from 'jsonc-parser';

/** Replace `length` characters at `offset`. */
type Splice = { readonly offset: number; readonly length: number; readonly content: string };

/** The splices are of the same text and do not overlap. */
const apply = (text: string, splices: readonly Splice[]): string =>
  [...splices]
    .sort((a, b) => b.offset - a.offset)
    .reduce(
      (rest, { offset, length, content }) => rest.slice(0, offset) + content + rest.slice(offset + length),
      text,
    );

const endOf = (node: Node): number => node.offset + node.length;

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

const indentOf = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';

/** One level of this file's indentation: that of the first indented line that begins a value. */
const indentUnit = (text: string): string => /\n([ \t]+)["{[]/.exec(text)?.[1] ?? '  ';

const lineEnd = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** Where the line of an entry ends, the comments behind it included. `limit` is the closing bracket. */
function endOfEntryLine(text: string, from: number, limit: number): number {
  let at = from;
  let end = from;
  while (at < limit && text[at] !== '\n') {
    if (text.startsWith('//', at)) {
      const newline = text.indexOf('\n', at);
      return text[newline - 1] === '\r' ? newline - 1 : newline;
    }
    if (text.startsWith('/*', at)) {
      at = text.indexOf('*/', at + 2) + 2;
      end = at;
    } else at++;
  }
  return end;
}

/** Offset of the first comma outside comments between two offsets, or -1. */
function commaBetween(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (text.startsWith('//', at)) at = text.indexOf('\n', at) + 1 || to;
    else if (text.startsWith('/*', at)) at = text.indexOf('*/', at + 2) + 2;
    else if (text[at] === ',') return at;
    else at++;
  }
  return -1;
}

/**
 * Adds an entry at the end of a list or an object.
 * @param key for an object
 */
export function insertLast(text: string, container: Node, value: unknown, key?: string): string {
  const label = key === undefined ? '' : `${JSON.stringify(key)}: `;
  const last = container.children?.at(-1);
  const opening = container.offset + 1;
  if (last === undefined) {
    // Whatever comment is inside stays behind the new entry.
    return apply(text, [{ offset: opening, length: 0, content: label + compact(value) }]);
  }
  const isMultiline = text.slice(opening, last.offset).includes('\n');
  if (!isMultiline) {
    return apply(text, [{ offset: endOf(last), length: 0, content: `, ${label}${compact(value)}` }]);
  }
  const eol = lineEnd(text);
  const indent = indentOf(text, last.offset);
  const written = label + JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', eol + indent);
  const limit = endOf(container) - 1;
  const trailing = commaBetween(text, endOf(last), limit);
  // A comment behind the last entry belongs to it: the new line begins after the comment.
  const offset = endOfEntryLine(text, trailing === -1 ? endOf(last) : trailing + 1, limit);
  const content = `${eol}${indent}${written}${trailing === -1 ? '' : ','}`;
  return trailing === -1 && offset === endOf(last)
    ? apply(text, [{ offset, length: 0, content: `,${content}` }])
    : apply(text, [
        ...(trailing === -1 ? [{ offset: endOf(last), length: 0, content: ',' }] : []),
        { offset, length: 0, content },
      ]);
}

/** On one line, with the spaces a person would put. */
function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${compact(inner)}`);
    return `{ ${entries.join(', ')} }`;
  }
  return JSON.stringify(value);
}

export const replaceValue = (text: string, node: Node, value: unknown): string =>
  apply(text, [{ offset: node.offset, length: node.length, content: JSON.stringify(value) }]);

/** Takes an entry (of a list, or a property of an object) out, with its comma; comments stay. */
export function removeEntry(text: string, container: Node, index: number): string {
  const children = container.children ?? [];
  const entry = children[index];
  if (entry === undefined) return text;
  const next = children[index + 1];
  const previous = children[index - 1];
  const limit = next?.offset ?? endOf(container) - 1;
  const after = commaBetween(text, endOf(entry), limit);
  const before = previous === undefined ? -1 : commaBetween(text, endOf(previous), entry.offset);
  const comma = after === -1 ? before : after;
  const splices: Splice[] = comma === -1 ? [] : [{ offset: comma, length: 1, content: '' }];
  const cutEntry = { offset: entry.offset, length: entry.length, content: '' };

  const start = lineStart(text, entry.offset);
  const newline = text.indexOf('\n', endOf(entry));
  const end = newline === -1 ? text.length : newline + 1;
  const around =
    text.slice(start, entry.offset) + text.slice(endOf(entry), end).replace(after === -1 ? '' : ',', '');
  const isAlone = around.trim() === '' && start > container.offset && end < endOf(container);
  if (isAlone) {
    const own = splices.filter(({ offset }) => offset < start || offset >= end);
    return apply(text, [...own, { offset: start, length: end - start, content: '' }]);
  }
  // On a shared line the space beside the comma goes with it.
  const gap = /^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0;
  if (comma !== -1 && comma === before && comma + 1 + gap === entry.offset) {
    return apply(text, [{ offset: comma, length: endOf(entry) - comma, content: '' }]);
  }
  if (comma !== -1 && comma === after && comma === endOf(entry) && next !== undefined) {
    return apply(text, [
      { offset: entry.offset, length: endOf(entry) + 1 + gap - entry.offset, content: '' },
    ]);
  }
  return apply(text, [...splices, cutEntry]);
}
