/**
 * Runs of every ending, made by the real program and kept in test/bundles/: what this version makes of them is what
 * the version made of them that wrote them. A new one, of a run that once went wrong, is a file more and no code:
 * `wf bundle RUN --out test/bundles/what-went-wrong.json`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapTexts } from '../../src/events/map-texts.ts';
import { runEventSchemas } from '../../src/events/run-events.ts';
import { readBundleFile } from '../../src/home/bundle-file.ts';
import { BUNDLE_HOME } from '../../src/workflow/replay/bundle-schema.ts';
import { differences, replayBundle } from '../../src/workflow/replay/replay-bundle.ts';
import { withoutWorld } from '../support/no-world.ts';
import { sha256 } from '../support/simulation.ts';

const DIR = join(import.meta.dirname, '../bundles');
const files = readdirSync(DIR).filter((name) => name.endsWith('.json'));

test('there is one of each ending, with its texts and without', () => {
  const endings = ['done', 'failed', 'handed-off', 'reported', 'approved', 'redone', 'resolved', 'cancelled'];
  expect(files).toEqual(
    expect.arrayContaining(endings.flatMap((name) => [`${name}.json`, `${name}.lengths.json`])),
  );
});

describe.each(files)('%s', (name) => {
  test('comes out as it did, state by state and decided again, with no world to ask', async () => {
    const { bundle, definition } = await readBundleFile(join(DIR, name));
    const { result } = withoutWorld(() => replayBundle(bundle, definition, BUNDLE_HOME, sha256));
    expect(differences(bundle.expected, result)).toEqual([]);
    expect(result.states).toHaveLength(bundle.events.length);
    expect(result.decided === null).toBe(bundle.texts === 'lengths');
  });

  test('would show it if one event less or another answer were folded', async () => {
    const { bundle, definition } = await readBundleFile(join(DIR, name));
    const shorter = { ...bundle, events: bundle.events.slice(0, -1) };
    const { result } = replayBundle(shorter, definition, BUNDLE_HOME, sha256);
    expect(differences(bundle.expected, result)).not.toEqual([]);
  });

  test('has nothing of the machine it was made on', () => {
    const text = readFileSync(join(DIR, name), 'utf8');
    expect(text).not.toMatch(/\/(?:tmp|root|home\/(?!user\b))/);
  });
});

test('a free string is a text, and an id, a time, a hash or a fixed word is not, for every kind of event', async () => {
  const seen = new Set<string>();
  for (const name of files.filter((one) => !one.includes('.lengths.'))) {
    const { bundle } = await readBundleFile(join(DIR, name));
    for (const { type, data } of bundle.events) {
      const kind = type as keyof typeof runEventSchemas;
      seen.add(kind);
      const mapped = mapTexts(kind, data, () => 'eight or more');
      expect(runEventSchemas[kind].safeParse(mapped).success, kind).toBe(true);
    }
  }
  expect(seen.size).toBeGreaterThan(12);
});
