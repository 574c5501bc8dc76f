/**
 * What may be changed without a person: a sentence of the catalogue among the assumptions, and two numbers within
 * bounds. Nothing else passes, whoever proposed it: commands, allowlists, roots, risk and approval are out of reach.
 */
import type { ImprovementChange } from '../../events/workflow-events.ts';
import { MAX_STEPS } from '../definition.ts';
import { parseDuration } from '../duration.ts';
import { CATALOGUE, RAISE_ATTEMPTS, RAISE_TIMEOUT } from './catalogue.ts';

export const MAX_ATTEMPTS = 5;
export const MIN_TIMEOUT_MS = 1_000;
export const MAX_TIMEOUT_MS = 7_200_000;

export const ASSUMPTIONS_PATH = ['defaults', 'assumptions'] as const;

type NumberKind = typeof RAISE_ATTEMPTS | typeof RAISE_TIMEOUT;

/** Which number stands at a path; undefined for every path that may not be touched. */
export function numberAt(path: readonly (string | number)[]): NumberKind | undefined {
  let rest = path;
  if (rest[0] === 'defaults') rest = rest.slice(1);
  else if (rest[0] === 'execute' && rest[1] !== 'steps') rest = rest.slice(1);
  else if (rest[0] === 'execute') {
    const index = rest[2];
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= MAX_STEPS) {
      return undefined;
    }
    rest = rest.slice(3);
  } else return undefined;
  if (rest.length === 1 && rest[0] === 'timeout') return RAISE_TIMEOUT;
  if (rest.length === 2 && rest[0] === 'retry' && rest[1] === 'maxAttempts') return RAISE_ATTEMPTS;
  return undefined;
}

/** A change may come from an old log: nothing about it is taken for granted. */
export function isLowRiskChange(change: ImprovementChange): boolean {
  switch (change.kind) {
    case 'add-assumption':
      return CATALOGUE.some(
        (entry) => entry.catalogueId === change.catalogueId && entry.sentence === change.sentence,
      );
    case 'set-value': {
      const { path, value } = change;
      const kind = numberAt(path);
      if (kind === undefined || kind !== change.catalogueId) return false;
      if (kind === RAISE_ATTEMPTS) {
        return typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= MAX_ATTEMPTS;
      }
      const ms = typeof value === 'string' ? parseDuration(value) : undefined;
      return ms !== undefined && ms >= MIN_TIMEOUT_MS && ms <= MAX_TIMEOUT_MS;
    }
    default:
      return unknownChange(change);
  }
}

/** A newer version's kind of change is not ours to call harmless. */
const unknownChange = (_change: never): boolean => false;
