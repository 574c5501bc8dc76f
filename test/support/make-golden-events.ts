/**
 * `node test/support/make-golden-events.ts` adds to test/golden/events-v1.jsonl what is missing there: for every kind
 * of event its fullest and its barest shape, and one for each variant in between. Lines that stand there stay.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { schemaVersions } from '../../src/events/types.ts';
import { anyEventOf } from './arbitrary-events.ts';

const FILE = join(import.meta.dirname, '../golden/events-v1.jsonl');
/** Variants beyond the fullest and the barest. */
const MOST = 6;
const SAMPLES = 300;

/** The keys of all its objects: two texts of one field are one shape, a field that is missing is another. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (value === null || typeof value !== 'object') return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
};
const sizeOf = (value: object): number => JSON.stringify(shapeOf(value)).length;

const there = existsSync(FILE) ? readFileSync(FILE, 'utf8').trimEnd().split('\n') : [];
const known = new Set(there.map((line) => JSON.parse(line) as { type: string }).map(({ type }) => type));
for (const [type, schemaVersion] of Object.entries(schemaVersions)) {
  if (known.has(type)) continue;
  const byShape = new Map<string, object>();
  for (const { data } of fc.sample(anyEventOf(type), { seed: 1, numRuns: SAMPLES }))
    byShape.set(JSON.stringify(shapeOf(data)), data);
  const all = [...byShape.values()].sort((a, b) => sizeOf(b) - sizeOf(a));
  const step = Math.max(1, Math.ceil(all.length / MOST));
  const chosen = all.filter((_, i) => i % step === 0 || i === all.length - 1);
  for (const data of chosen) appendFileSync(FILE, `${JSON.stringify({ type, schemaVersion, data })}\n`);
}
