/**
 * What has been written must be read for ever: events of every kind, in every shape their schemas had when this
 * version was made. A line is never changed or removed; a new kind, field or variant adds lines
 * (`node test/support/make-golden-events.ts` writes those of a new kind).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventSchemas } from '../../src/events/catalog.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { schemaVersions } from '../../src/events/types.ts';
import { upcast } from '../../src/events/upcast.ts';

type Golden = {
  readonly type: keyof typeof eventSchemas;
  readonly schemaVersion: number;
  readonly data: object;
};
const golden = readFileSync(join(import.meta.dirname, '../golden/events-v1.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden);

/** Of a stored event an upcaster looks at no more than this. */
const stored = (event: Golden): StoredEvent => event as unknown as StoredEvent;

describe('golden events', () => {
  it('there are some of every kind', () => {
    expect(
      Object.keys(schemaVersions).filter((type) => !golden.some((event) => event.type === type)),
    ).toEqual([]);
  });

  it.each([...new Set(golden.map(({ type }) => type))])('%s is read as it was written', (type) => {
    for (const event of golden.filter((one) => one.type === type)) {
      const { data } = upcast(stored(event));
      const today = eventSchemas[type].parse(data);
      expect(event.schemaVersion).toBeLessThanOrEqual(schemaVersions[type]);
      if (event.schemaVersion === schemaVersions[type]) expect(today).toEqual(event.data);
    }
  });
});
