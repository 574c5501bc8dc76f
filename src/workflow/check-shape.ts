/**
 * The schema's complaints in words a person can act on, and keys it does not know: refused when this version does
 * not carry them out yet, otherwise errors in a file with `$schema` and warnings in one without.
 */
import type { z } from 'zod';
import { CARRIED_OUT_KEYS, LATER_KEYS, MISSPELT_DURATIONS, placeOf } from './definition-keys.ts';
import { definitionSchema } from './definition-schema.ts';
import { nearest } from './did-you-mean.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { at, describeValue, own } from './raw-value.ts';
import { expectedWords } from './words-of-schema.ts';

const NOT_YET = 'not carried out yet by this version';

const pathOf = (path: readonly PropertyKey[]): DefinitionPath =>
  path.map((part) => (typeof part === 'number' ? part : String(part)));

const didYouMean = (word: string, candidates: readonly string[]): string | undefined => {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `Did you mean "${near}"?`;
};

const unknownKey = (strict: boolean, path: DefinitionPath, key: string): Finding => {
  const place = placeOf(path);
  const at = [...path, key];
  if (LATER_KEYS[place].includes(key)) {
    return error('not-carried-out-yet', at, `"${key}" is ${NOT_YET}`);
  }
  const duration = MISSPELT_DURATIONS.get(key);
  if (duration !== undefined && CARRIED_OUT_KEYS[place].includes(duration)) {
    const message = `unknown key "${key}": did you mean "${duration}", with a duration such as "30s"?`;
    return error('unknown-key', at, message);
  }
  const known = CARRIED_OUT_KEYS[place];
  const hint = didYouMean(key, known) ?? `Known here: ${known.join(', ')}.`;
  return strict
    ? error('unknown-key', at, `unknown key "${key}"`, hint)
    : warning('unknown-key', at, `unknown key "${key}" is ignored`, hint);
};

/** Of what nobody can guess the form of. */
const exampleOf = (path: DefinitionPath, value: unknown): string | undefined =>
  value === undefined && path[0] === 'schedules' && path.at(-1) === 'timezone'
    ? 'Whose clock it is, for example: "Europe/Berlin" or "UTC".'
    : undefined;

const findingsOf = (raw: unknown, strict: boolean, issue: z.core.$ZodIssue): Finding[] => {
  const path = pathOf(issue.path);
  const value = at(raw, path);
  const got = value === undefined ? 'it is missing' : `got ${describeValue(value)}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(strict, path, key));
    case 'invalid_type':
      return [error('shape', path, `${expectedWords(issue)}, ${got}`, exampleOf(path, value))];
    case 'invalid_value': {
      const options = issue.values.map(String);
      const hint = typeof value === 'string' ? didYouMean(value, options) : undefined;
      return [error('shape', path, `${expectedWords(issue)}; ${got}`, hint)];
    }
    case 'too_big':
    case 'too_small':
      return [error('shape', path, `${expectedWords(issue)}${issue.origin === 'number' ? `, ${got}` : ''}`)];
    default:
      // Our own messages. The value of a bad `env` entry may be a secret: it is never repeated.
      return [error('shape', path, isAboutSecrets(path) ? issue.message : `${issue.message}; ${got}`)];
  }
};

/** Where a name is asked for and somebody may have written the secret itself. */
const isAboutSecrets = (path: DefinitionPath): boolean => path.includes('env') || path.includes('auth');

export const checkShape = (raw: unknown): Finding[] => {
  const parsed = definitionSchema.safeParse(raw);
  if (parsed.success) return [];
  const strict = own(raw, '$schema') !== undefined;
  return parsed.error.issues.flatMap((issue) => findingsOf(raw, strict, issue));
};
