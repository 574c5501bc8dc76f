/** Whether a recorded and a decided event say the same, apart from what another definition must change: its hash. */
import { isBlobRef } from '../../events/envelope.ts';
import type { RunEvent } from '../../events/run-events.ts';

/** Fresh with every decision, or made of the definition's hash. */
const LEFT_OUT: ReadonlySet<string> = new Set(['salt', 'binding', 'definitionHash', 'contentHash']);
/** Counted from the moment of the decision, which the record has only nearly: whether there is one is compared. */
const TIMES: ReadonlySet<string> = new Set(['retryAt', 'expiresAt']);
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Names of the fields that differ; empty when both say the same. */
export function differingFields(
  recorded: RunEvent,
  decided: RunEvent,
  sha256: (text: string) => string,
): readonly string[] {
  const a = recorded.data as Readonly<Record<string, unknown>>;
  const b = decided.data as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => !LEFT_OUT.has(name))
    .filter((name) =>
      TIMES.has(name) ? (a[name] === undefined) !== (b[name] === undefined) : !same(a[name], b[name], sha256),
    );
}

function same(a: unknown, b: unknown, sha256: (text: string) => string): boolean {
  if (isBlobRef(a) && typeof b === 'string') return a.blob === sha256(b);
  if (typeof a === 'string' && typeof b === 'string')
    return a === b || a.replace(ISO, '') === b.replace(ISO, '');
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => same(one, b[i], sha256));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [a, b] as Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])]
    .filter((name) => !LEFT_OUT.has(name))
    .every((name) => same(left?.[name], right?.[name], sha256));
}
