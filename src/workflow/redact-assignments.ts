/**
 * Finds what is assigned to a name like `password`, `token` or `api_key`. A sentence such as "the password: choose a
 * long one" is no assignment: without quotes or a bare `=`, only what looks random is taken for a secret.
 */

export const REDACTED = '[redacted]';

export type Redaction = { readonly text: string; readonly count: number };

const NAME =
  /(?:passwords?|passwd|passphrase|pwd|secret|token|(?:api|access|private|secret)[_-]?(?:access[_-]?)?key|credentials?)(?=["'`\\ \t]{0,8}[=:])/gi;
/** What may stand between a name and its value: the closing quote of the name, spaces, one `=` or `:`. */
const SEPARATOR = /(\\{0,3}["'`])?([ \t]{0,4})([=:])(?![=:/>])([ \t]{0,4})/y;
const OPENING_QUOTE = /(\\*)(["'`])/y;
/** `$TOKEN`, `${TOKEN}`, `***`: a place for a secret, not a secret. */
const PLACEHOLDER = /^(?:\$[A-Z_][A-Z0-9_]*|\$|\*+|x+|\.+|…)$/i;

const LONGEST_QUOTED_CHARS = 1024;
/** How much of a bare value is looked at before deciding: `token:token:…` must not be read to its end each time. */
const DECIDED_BY_CHARS = 512;
const BARE_VALUE = /[^\s"'`\\&;<>{}]+/y;
const BARE_BEGINNING = new RegExp(`[^\\s"'\`\\\\&;<>{}]{1,${DECIDED_BY_CHARS}}`, 'y');

type Span = { readonly start: number; readonly end: number };

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

function backslashesBefore(text: string, at: number, notBefore: number): number {
  let count = 0;
  while (at - count > notBefore && text[at - count - 1] === '\\') count++;
  return count;
}

/**
 * The inside of a quoted value. In JSON within JSON the quotes are escaped themselves: the value ends at the first
 * quote with as many backslashes as the opening one; a plain one ends at a quote that is not escaped.
 */
function quotedValue(text: string, depth: number, quote: string, start: number): Span | null {
  const limit = Math.min(text.length, start + LONGEST_QUOTED_CHARS);
  for (let at = start; at < limit; at++) {
    if (text[at] === '\n') return null;
    if (text[at] !== quote) continue;
    const escapes = backslashesBefore(text, at, start);
    if (depth === 0 ? escapes % 2 === 0 : escapes === depth) {
      return { start, end: depth === 0 ? at : at - depth };
    }
  }
  return null;
}

const looksRandom = (text: string): boolean => text.length >= 6 && /\d/.test(text) && /[A-Za-z]/.test(text);

/** Without the full stop after a sentence or the bracket around it: those are not the secret's. */
function withoutPunctuation(found: string): string {
  let length = found.length;
  while (length > 0 && '.,:)]!?'.includes(found[length - 1] ?? '')) length--;
  return found.slice(0, length);
}

function bareValue(text: string, start: number, anyWord: boolean): Span | null {
  const beginning = matchAt(BARE_BEGINNING, text, start)?.[0];
  if (beginning === undefined || beginning.startsWith('[redacted')) return null;
  const value = withoutPunctuation(beginning);
  if (value === '' || PLACEHOLDER.test(value) || !(anyWord || looksRandom(value))) return null;
  const whole = matchAt(BARE_VALUE, text, start)?.[0] ?? beginning;
  return { start, end: start + withoutPunctuation(whole).length };
}

function valueAfter(text: string, nameEnd: number): Span | null {
  const separator = matchAt(SEPARATOR, text, nameEnd);
  if (separator === null) return null;
  const [whole, nameQuote, spaceBefore, sign, spaceAfter] = separator;
  const start = nameEnd + whole.length;
  const opening = matchAt(OPENING_QUOTE, text, start);
  if (opening !== null) {
    const [delimiter, escapes = '', quote = ''] = opening;
    const span = quotedValue(text, escapes.length, quote, start + delimiter.length);
    if (span === null) return bareValue(text, start + delimiter.length, true);
    const value = text.slice(span.start, span.end);
    return value === '' || value === REDACTED || PLACEHOLDER.test(value) ? null : span;
  }
  const tight = sign === '=' && spaceBefore === '' && spaceAfter === '' && nameQuote === undefined;
  return bareValue(text, start, tight);
}

/** Replaces the values; names, quotes and everything around stay. */
export function redactAssignments(text: string): Redaction {
  if (!text.includes('=') && !text.includes(':')) return { text, count: 0 };
  let result = '';
  let copied = 0;
  let count = 0;
  for (const match of text.matchAll(NAME)) {
    // PWD and OLDPWD are folders.
    if (match.index < copied || match[0] === 'PWD') continue;
    const span = valueAfter(text, match.index + match[0].length);
    if (span === null) continue;
    result += text.slice(copied, span.start) + REDACTED;
    copied = span.end;
    count++;
  }
  return count === 0 ? { text, count } : { text: result + text.slice(copied), count };
}
