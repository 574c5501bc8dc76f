/**
 * Takes secrets out of text before it is recorded: known values, well-known token shapes, and what is assigned to a
 * name like `password`. Every pattern is linear in the text, ordinary prose is left alone, and a text that is JSON
 * stays JSON.
 */
import { usageError } from '../errors.ts';
import { REDACTED, type Redaction, redactAssignments } from './redact-assignments.ts';

export { REDACTED, type Redaction } from './redact-assignments.ts';

export type Redactor = (text: string) => Redaction;

export type RedactorOptions = {
  /** Secrets known by value, e.g. of environment variables; those under 6 characters would hit ordinary words. */
  readonly values: readonly string[];
  /** Further regular expressions, from config; what they match is replaced whole. */
  readonly patterns?: readonly string[];
};

const SHORTEST_VALUE_CHARS = 6;

/** Replaces one kind of secret; answers the text and how many there were. */
type Pass = (text: string) => Redaction;

const looksRandom = (text: string): boolean => /\d/.test(text) && /[A-Za-z]/.test(text);

type Shape = {
  readonly pattern: RegExp;
  /**
   * Whatever the pattern matches has one of these in it (in lower case where the pattern ignores case). Looked for
   * first: most texts have none, and a process's first use of an expression costs more than twenty such looks.
   */
  readonly hints: readonly string[];
  /** What stays in front of the secret: the first group. */
  readonly keepsFirstGroup?: boolean;
  /** A digit and a letter: keeps words joined by hyphens, and sentences about bearers, out of it. */
  readonly mustLookRandom?: boolean;
};

// No quote, brace or backslash is ever matched, so a match ends inside the JSON string it began in.
const SHAPES: readonly Shape[] = [
  {
    // With no END line (a cut output) the body still goes, up to the first character no key has.
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-"'`\\{}<>]|\\+[nrt]|-(?!----))*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
    hints: ['PRIVATE KEY-----'],
  },
  { pattern: /\bsk-[A-Za-z0-9_-]{16,}/g, hints: ['sk-'], mustLookRandom: true },
  {
    pattern: /\b(?:gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g,
    hints: ['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_', 'github_pat_'],
  },
  { pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10,}/g, hints: ['xox'], mustLookRandom: true },
  { pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])/g, hints: ['AKIA', 'ASIA'] },
  { pattern: /\bAIza[0-9A-Za-z_-]{30,}/g, hints: ['AIza'] },
  {
    // GitLab, npm, Stripe, Hugging Face, SendGrid, Telegram bots.
    pattern:
      /\b(?:glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|hf_[A-Za-z0-9]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|\d{8,10}:AA[\w-]{30,})/g,
    hints: ['glpat-', 'npm_', 'k_live_', 'k_test_', 'hf_', 'SG.', ':AA'],
    mustLookRandom: true,
  },
  {
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
    hints: ['eyJ'],
  },
  {
    pattern: /\b((?:Bearer|Basic)[ \t]{1,4})[A-Za-z0-9._~+/=-]{16,}/gi,
    hints: ['bearer', 'basic'],
    keepsFirstGroup: true,
    mustLookRandom: true,
  },
  {
    pattern: /(:\/\/[^\s:@/"'`\\]{0,128}:)[^\s@/"'`\\{}]{1,256}(?=@)/g,
    hints: ['://'],
    keepsFirstGroup: true,
  },
];

const byShape =
  ({ pattern, hints, keepsFirstGroup, mustLookRandom }: Shape): Pass =>
  (text) => {
    const searched = pattern.ignoreCase ? text.toLowerCase() : text;
    if (!hints.some((hint) => searched.includes(hint))) return { text, count: 0 };
    let count = 0;
    const replaced = text.replace(pattern, (match: string, first: unknown) => {
      const kept = keepsFirstGroup === true && typeof first === 'string' ? first : '';
      const secret = match.slice(kept.length);
      if (secret === REDACTED || (mustLookRandom === true && !looksRandom(secret))) return match;
      count++;
      return kept + REDACTED;
    });
    return { text: replaced, count };
  };

function byValue(value: string): Pass {
  return (text) => {
    const parts = text.split(value);
    return parts.length === 1 ? { text, count: 0 } : { text: parts.join(REDACTED), count: parts.length - 1 };
  };
}

function byCustomPattern(source: string): Pass {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'gu');
  } catch (error) {
    throw usageError('bad-redaction-pattern', `not a regular expression: ${(error as Error).message}`, {
      where: source,
      hint: 'Correct the pattern in config.json.',
      cause: error,
    });
  }
  return (text) => {
    let count = 0;
    const replaced = text.replace(pattern, (match: string) => {
      if (match === '' || match === REDACTED) return match;
      count++;
      return REDACTED;
    });
    return { text: replaced, count };
  };
}

function valuePasses(values: readonly string[]): Pass[] {
  const found = new Set<string>();
  for (const value of values) {
    // A part of the marker would be found in what was redacted already, for ever.
    if (value.length < SHORTEST_VALUE_CHARS || REDACTED.includes(value)) continue;
    found.add(value);
    found.add(JSON.stringify(value).slice(1, -1));
  }
  // The longest first: a secret that begins with another one must not leave its end behind.
  return [...found].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).map(byValue);
}

function parseJson(text: string): { readonly value: unknown } | null {
  if (!/^\s*[[{"]/.test(text)) return null;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Strings and keys redacted one by one; what else spells a secret (a number) becomes the marker as a string. */
function redactJson(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'number') return redact(String(value)) === String(value) ? value : REDACTED;
  if (Array.isArray(value)) return value.map((one) => redactJson(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries makes own properties, also of a key named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [redact(key), redactJson(one, redact)]),
  );
}

type Redacting = {
  readonly redact: (text: string) => string;
  /** Whether a secret known by value is in there. */
  readonly isLeaking: (text: string) => boolean;
};

function keepJson(original: string, redacted: string, { redact, isLeaking }: Redacting): string {
  const before = parseJson(original);
  if (before === null || parseJson(redacted) !== null) return redacted;
  try {
    const kept = JSON.stringify(redactJson(before.value, redact));
    // One that begins or ends with the JSON's own quotes, commas or brackets is in none of its strings.
    return isLeaking(kept) ? JSON.stringify(REDACTED) : kept;
  } catch {
    // Nested deeper than the stack: nothing of it is worth the risk.
    return JSON.stringify(REDACTED);
  }
}

/**
 * Makes the redactor of one run. Pure; redacting twice changes nothing more.
 * @throws {WfError} bad-redaction-pattern (2)
 */
export function makeRedactor({ values, patterns = [] }: RedactorOptions): Redactor {
  const known = valuePasses(values);
  const isLeaking = (text: string): boolean => known.some((pass) => pass(text).count > 0);
  const passes: readonly Pass[] = [
    ...known,
    ...SHAPES.map(byShape),
    redactAssignments,
    ...patterns.map(byCustomPattern),
  ];
  const redactOnce = (text: string): Redaction => {
    let result: Redaction = { text, count: 0 };
    for (const pass of passes) {
      const next = pass(result.text);
      result = { text: next.text, count: result.count + next.count };
    }
    return result;
  };
  return (text) => {
    const { text: redacted, count } = redactOnce(text);
    if (count === 0) return { text, count };
    const redact = (part: string): string => redactOnce(part).text;
    return { text: keepJson(text, redacted, { redact, isLeaking }), count };
  };
}
