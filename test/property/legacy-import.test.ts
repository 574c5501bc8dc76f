/**
 * Whatever has become of the script engine's files: every good one is imported, every other one is named, no error
 * is untyped, and the events fold to what the records say.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Known, knownOf, planImport } from '../../src/engine/legacy/plan.ts';
import type { AnyEvent } from '../../src/events/catalog.ts';
import { eventSchemas } from '../../src/events/catalog.ts';
import { readLegacyHome } from '../../src/home/legacy-files.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { runRecord } from '../../src/projections/run-record.ts';
import { type FoldableEvent, foldRun } from '../../src/workflow/evolve.ts';
import { makeRedactor } from '../../src/workflow/redact.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/legacy-home');
const FILES = readdirSync(FIXTURE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes('definitions'))
  .map((entry) => join(entry.parentPath, entry.name).slice(FIXTURE.length + 1))
  .filter((file) => !file.startsWith('outbox/'))
  .sort();

const root = mkdtempSync(join(tmpdir(), 'wf-legacy-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Fate =
  | { readonly type: 'whole' | 'gone' | 'folder' | 'empty' }
  | { readonly type: 'cut'; readonly at: number }
  | { readonly type: 'bytes'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: 'other'; readonly text: string };

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Fate>({ type: 'whole' }) },
  fc.constantFrom<Fate>({ type: 'gone' }, { type: 'folder' }, { type: 'empty' }),
  fc.record({ type: fc.constant('cut' as const), at: fc.double({ min: 0, max: 0.99, noNaN: true }) }),
  fc.record({
    type: fc.constant('bytes' as const),
    at: fc.double({ min: 0, max: 0.99, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('other' as const), text: fc.json() }),
);

let homes = 0;
function damagedHome(fates: readonly Fate[]): string {
  const home = join(root, String(homes++));
  for (const [i, file] of FILES.entries()) {
    const path = join(home, file);
    const whole = readFileSync(join(FIXTURE, file));
    mkdirSync(dirname(path), { recursive: true });
    const one = fates[i] ?? { type: 'whole' };
    switch (one.type) {
      case 'whole':
        writeFileSync(path, whole);
        break;
      case 'gone':
        break;
      case 'folder':
        mkdirSync(path);
        break;
      case 'empty':
        writeFileSync(path, '');
        break;
      case 'cut':
        writeFileSync(path, whole.subarray(0, Math.floor(whole.length * one.at)));
        break;
      case 'bytes': {
        const bytes = Buffer.from(whole);
        bytes.set(
          one.bytes.subarray(0, bytes.length),
          Math.min(Math.floor(bytes.length * one.at), bytes.length - one.bytes.length),
        );
        writeFileSync(path, bytes);
        break;
      }
      case 'other':
        writeFileSync(path, one.text);
        break;
    }
  }
  return home;
}

const redact = makeRedactor({ values: [] });
const ports = { sha256: coldSha256, redact, randomWord: () => 'saltsalt', newId: () => '0'.repeat(26) };
async function* none(): AsyncGenerator<never> {}

const plan = (home: string, known: Known) =>
  planImport(ports, readLegacyHome(home, coldSha256), {
    known,
    host: 'host',
    definition: (name) => readFileSync(join(FIXTURE, 'definitions', name), 'utf8'),
  });

test('any damage: good files are imported, others named, and every event is one of ours', async () => {
  const nothing = await knownOf(none());
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: FILES.length, maxLength: FILES.length }), async (fates) => {
      const { items, skipped, counts } = plan(damagedHome(fates), nothing);
      for (const { events } of items)
        for (const { type, data } of events) eventSchemas[type as AnyEvent['type']].parse(data);
      for (const [i, file] of FILES.entries()) {
        const isNamed = skipped.some((skip) => skip.file === file);
        const kind = fates[i]?.type;
        if (!file.startsWith('state/runs/')) continue;
        const runId = file.slice('state/runs/'.length, -'.json'.length);
        const found = items.some((item) => item.stream === `run/${runId}`);
        if (kind === 'whole') expect([file, found, isNamed]).toEqual([file, true, false]);
        // Gone is gone; anything else is either understood or named, and never both.
        else if (kind !== 'gone') expect([file, found !== isNamed]).toEqual([file, true]);
      }
      // What is planned once is known by its cause, and is not planned again.
      const causes = new Set(items.map((item) => item.cause));
      expect(causes.size).toBe(items.length);
      expect(Object.values(counts).reduce((sum, { found }) => sum + found, 0)).toBe(items.length);
      const again = plan(join(root, String(homes - 1)), { ...nothing, causes, version: () => 1 });
      expect(again.items).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('an imported run folds to the status, times and texts of its record', async () => {
  const { items } = plan(damagedHome([]), await knownOf(none()));
  const runs = items.filter((item) => item.kind === 'runs');
  expect(runs).toHaveLength(6);
  for (const { stream, events } of runs) {
    const [event] = events;
    const state = foldRun([
      {
        ...event,
        ts: '2027-01-01T00:00:00.000Z',
        streamVersion: 1,
        meta: { occurredAt: event?.at },
      } as FoldableEvent,
    ]);
    const old = JSON.parse(
      readFileSync(join(FIXTURE, `state/runs/${stream.slice('run/'.length)}.json`), 'utf8'),
    ) as object;
    expect(JSON.parse(runRecord(state, (text) => (typeof text === 'string' ? text : '')))).toMatchObject(old);
  }
});
