/** The fold of a run over any events at all: it never throws, it splits anywhere, and it refers to nothing outside. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventSchemas } from '../../src/events/catalog.ts';
import { previewOf } from '../../src/events/envelope.ts';
import { schemaVersions } from '../../src/events/types.ts';
import { runFiles } from '../../src/projections/run-files.ts';
import { evolveRunFold, noRunFold, type RunFold, runRow } from '../../src/projections/run-row.ts';
import { type FoldableEvent, foldRun } from '../../src/workflow/evolve.ts';
import { noRun } from '../../src/workflow/state.ts';
import { anyEvent, anyRunEvent } from '../support/arbitrary-events.ts';

const history = fc.array(anyRunEvent, { maxLength: 40 }).map((events) =>
  events.map(
    (event, i) =>
      ({
        ...event,
        ts: `2026-01-02T03:04:${String(i).padStart(2, '0')}.000Z`,
        streamVersion: i + 1,
      }) as unknown as FoldableEvent,
  ),
);

/** Most random histories do not begin with RunStarted; these do. */
const startedHistory = fc
  .tuple(
    anyRunEvent.filter((event) => event.type === 'RunStarted'),
    history,
  )
  .map(([start, rest]) => [
    { ...start, ts: '2026-01-02T03:03:59.000Z', streamVersion: 1 } as unknown as FoldableEvent,
    ...rest.map((event) => ({ ...event, streamVersion: event.streamVersion + 1 })),
  ]);

describe('the fold of a run', () => {
  it('fold(a ++ b) = fold(b, fold(a)), wherever it is split', () => {
    fc.assert(
      fc.property(startedHistory, fc.nat(40), (events, cut) => {
        const at = cut % (events.length + 1);
        expect(foldRun(events.slice(at), foldRun(events.slice(0, at)))).toEqual(foldRun(events));
      }),
      { numRuns: 500 },
    );
  });

  it('is total: an event that does not apply changes nothing but the version', () => {
    fc.assert(
      fc.property(history, (events) => {
        const state = foldRun(events);
        expect(state.version).toBe(events.length);
        if (
          !events.some(({ type }) => type === 'RunStarted' || type === 'RunImported' || type === 'RunErased')
        )
          expect({ ...state, version: 0, updatedAt: '' }).toEqual(noRun);
      }),
      { numRuns: 300 },
    );
  });

  it('says the same of an erased run while its data is still there and when it is gone', () => {
    fc.assert(
      fc.property(
        startedHistory,
        anyRunEvent.filter(({ type }) => type === 'RunErased'),
        (events, erasure) => {
          const rest = events.filter(({ type }) => type !== 'RunErased');
          const last = { ...erasure, ts: '2026-01-02T04:00:00.000Z', streamVersion: events.length + 1 };
          const gone = rest.map((event) => ({ ...event, data: { erased: true } }));
          const rowOf = (history: readonly object[]) =>
            runRow(
              [...history, last, ...rest].reduce<RunFold>(
                (fold, event, i) =>
                  evolveRunFold(fold, {
                    ...(event as FoldableEvent & { seq: number }),
                    seq: i + 1,
                    id: '01KAQ7ZM4X0000000000000000',
                  }),
                noRunFold,
              ),
            );
          const folded = foldRun([...gone, last] as unknown as FoldableEvent[]);
          expect(folded).toEqual(foldRun([...rest, last] as unknown as FoldableEvent[]));
          expect(folded.erased).not.toBeNull();
          expect(rowOf(gone)).toEqual(rowOf(rest));
          const files = [...runFiles(folded, previewOf).values()].filter((text) => text !== null);
          expect(files).toHaveLength(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives files for any history, with nothing missing and nothing thrown', () => {
    fc.assert(
      fc.property(startedHistory, (events) => {
        const files = runFiles(foldRun(events), previewOf);
        expect(files.size).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('the generators make every kind of event this version can record, and each fits its schema', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyEvent, (event) => {
        seen.add(event.type);
        const schema = eventSchemas[event.type as keyof typeof eventSchemas];
        expect(schema.safeParse(event.data).error).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
    expect([...seen].sort()).toEqual(Object.keys(schemaVersions).sort());
    expect(Object.keys(eventSchemas).sort()).toEqual(Object.keys(schemaVersions).sort());
  });
});
