/**
 * Longer histories than can be tried out in full: several processes, faults at any call, and then the power, at any
 * call and in any state that is possible. What was told is there, commits are whole, and saying it again adds nothing.
 */
import { fc, test } from '@fast-check/vitest';
import { describe } from 'vitest';
import { checkImage, options, toldNow } from '../support/power-cut-checks.ts';
import { appendDespite, look, newWorld, openOn } from '../support/power-cut-log.ts';
import type { Fault } from '../support/power-cut-machine.ts';
import { recordImages } from '../support/power-cut-states.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

const partArb = fc.record({
  stream: fc.constantFrom('run/a', 'run/b', 'key/c'),
  events: fc.integer({ min: 1, max: 3 }),
  /** Around the sizes of a sector and of a page. */
  bytes: fc.constantFrom(1, 300, 600, 2_000),
});
const actionArb = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ parts: fc.array(partArb, { minLength: 1, maxLength: 3 }), durable: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.constant('look' as const) },
  { weight: 1, arbitrary: fc.constant('project' as const) },
);
const faultArb: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ error: fc.constantFrom('EIO', 'ENOSPC'), evicted: fc.boolean() }),
  fc.record({ short: fc.integer({ min: 1, max: 700 }) }),
);

describe('a history of many processes, faults and a power cut', () => {
  test.prop(
    {
      actions: fc.array(actionArb, { minLength: 1, maxLength: 8 }),
      faults: fc.array(fc.tuple(fc.integer({ min: 1, max: 250 }), faultArb), { maxLength: 2 }),
      cuts: fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
      seed: fc.integer(),
    },
    { numRuns: propertyRuns(8), endOnFailure: true },
  )(
    'loses nothing that anybody was told of',
    async ({ actions, faults, cuts, seed }) => {
      const world = newWorld();
      const planned = new Map(faults);
      world.on.beforeCall = ({ n }) => planned.get(n);
      const { images, stop } = recordImages(world.on, () => toldNow(world));
      let texts = 0;
      for (const action of actions) {
        if (typeof action === 'object') {
          const parts = action.parts.map(({ stream, events, bytes }) => ({
            stream,
            texts: Array.from({ length: events }, () => `${++texts} ${'x'.repeat(bytes)}`),
          }));
          await appendDespite(world, parts, action.durable);
        } else {
          const store = openOn(world);
          // A fault here is the looker's own; the next one looks again.
          await (action === 'look' ? look(world, store) : world.index.catchUp(store)).catch(() => undefined);
          await store.close();
        }
      }
      stop();
      const checked = { ...options(seed, 2, 0.02) };
      for (const at of cuts) {
        const image = images[at % images.length];
        if (image !== undefined) await checkImage(image, checked);
      }
    },
    propertyTimeoutMs,
  );
});
