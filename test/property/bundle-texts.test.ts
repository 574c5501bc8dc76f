/** What is left out of a bundle without texts: every free string of every event there can be, and nothing else. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { mapTexts } from '../../src/events/map-texts.ts';
import { runEventSchemas } from '../../src/events/run-events.ts';
import { bundleSchema } from '../../src/workflow/replay/bundle-schema.ts';
import { replayBundle } from '../../src/workflow/replay/replay-bundle.ts';
import { anyRunEvent } from '../support/arbitrary-events.ts';
import { withoutWorld } from '../support/no-world.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { sha256 } from '../support/simulation.ts';

/** Long texts stand in their place before anything is left out. */
const inline = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inline);
  if (typeof value !== 'object' || value === null) return value;
  if ('blob' in value && 'preview' in value) return String(value.preview);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inline(one)]));
};

const ID_OR_WORD = /^(?:[A-Za-z0-9][A-Za-z0-9._:-]*)?$/;
const MARK = 'x x x x x x';

test.prop([anyRunEvent], { numRuns: propertyRuns(500) })(
  'no text stays, and the event stays valid',
  ({ type, data }) => {
    const kind = type as keyof typeof runEventSchemas;
    const mapped = mapTexts(kind, inline(data) as object, () => MARK);
    expect(runEventSchemas[kind].safeParse(mapped).success).toBe(true);
    JSON.stringify(mapped, (_key, value: unknown) => {
      if (typeof value === 'string' && value !== MARK) expect(value).toMatch(ID_OR_WORD);
      return value;
    });
  },
);

test.prop([fc.array(anyRunEvent, { minLength: 1, maxLength: 12 })], { numRuns: propertyRuns(200) })(
  'whatever stands in a bundle, replaying it asks no world',
  (events) => {
    const bundle = {
      schema: 'wf.bundle/1' as const,
      madeBy: '0',
      texts: 'lengths' as const,
      runId: 'r',
      workflowId: 'w',
      definition: null,
      input: null,
      events: events.map(({ type, data }, i) => ({
        seq: i + 1,
        ts: '2026-11-23T00:00:00.000Z',
        type,
        schemaVersion: 1,
        data: data as Record<string, unknown>,
      })),
    };
    const { result } = withoutWorld(() => replayBundle(bundle, null, '/wf-home', sha256));
    expect(bundleSchema.shape.expected.parse(result).states).toHaveLength(events.length);
  },
);
