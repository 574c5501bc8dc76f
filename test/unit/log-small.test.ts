import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { type Upcaster, type Upcasters, upcast } from '../../src/events/upcast.ts';
import { nextEventId } from '../../src/log/event-ids.ts';
import { coldSha256 } from '../../src/log/hash.ts';
import { createMemoryStore } from '../../src/log/memory-store.ts';
import { commitId, note, seededRandom, steppingClock, textOf } from '../support/log-helpers.ts';

describe('upcasting', () => {
  const old = { type: 'Sample', schemaVersion: 1, data: { name: 'a' } } as unknown as StoredEvent;
  const steps: ReadonlyMap<number, Upcaster> = new Map([
    [1, (data: object): object => ({ title: (data as { name: string }).name })],
    [2, (data: object): object => ({ ...data, tags: [] })],
  ]);
  const registry: Upcasters = new Map([['Sample', steps]]);
  const versionOf = (version: number) => () => version;

  it('an old event is read in the shape of today, one version after another', () => {
    const read = upcast(old, registry, versionOf(3));
    expect(read).toMatchObject({ schemaVersion: 3, data: { title: 'a', tags: [] } });
    expect(old).toMatchObject({ schemaVersion: 1, data: { name: 'a' } });
  });

  it('an event of today, or one whose data was erased, is left alone', () => {
    expect(upcast(old, registry, versionOf(1))).toBe(old);
    const erased = { ...old, data: { erased: true } };
    expect(upcast(erased, registry, versionOf(3))).toBe(erased);
  });

  it('a version that nobody can bring up to date is a bug, not a guess', () => {
    expect(() => upcast(old, new Map(), versionOf(2))).toThrow('no upcaster for Sample from version 1');
  });
});

describe('event ids', () => {
  const random = seededRandom();

  it('count up within a millisecond and when the clock goes back', () => {
    const first = nextEventId(null, 1000, random);
    const second = nextEventId(first, 1000, random);
    const third = nextEventId(second, 500, random);
    const fourth = nextEventId(third, 1001, random);
    expect([fourth, third, second, first].sort()).toEqual([first, second, third, fourth]);
    expect(second.slice(0, 10)).toBe(first.slice(0, 10));
    expect(third.slice(0, 10)).toBe(first.slice(0, 10));
  });

  it('go to the next millisecond when the numbers of one are used up', () => {
    const last = `${nextEventId(null, 1000, random).slice(0, 10)}${'Z'.repeat(16)}`;
    expect(nextEventId(last, 1000, random) > last).toBe(true);
  });

  it('depend on nothing but the clock and the randomness given, also at time 0', () => {
    expect(nextEventId(null, 0, seededRandom(3))).toBe(nextEventId(null, 0, seededRandom(3)));
  });
});

describe('memory store', () => {
  const options = () => ({ clock: steppingClock(), random: seededRandom(), sha256: coldSha256 });

  it('after a power cut only what was made durable is left, and the log goes on from there', async () => {
    const store = createMemoryStore(options());
    await store.append('run/a', 0, [note('kept')], { durable: true, commitId: commitId() });
    await store.append('run/a', 1, [note('lost')], { durable: false, commitId: commitId() });
    const again = createMemoryStore({ ...options(), lines: store.durableLines() });
    await again.append('run/a', 1, [note('next')], { durable: true, commitId: commitId() });
    expect(again.events('run/a').map(textOf)).toEqual(['kept', 'next']);
    expect(again.lines()[0]).toBe(store.lines()[0]);
  });

  it('has appended when the call returns, so that a test can step in at every append', () => {
    const store = createMemoryStore(options());
    void store.append('run/a', 0, [note('now')], { durable: false, commitId: commitId() });
    expect(store.events('run/a').map(textOf)).toEqual(['now']);
  });

  it('an event given out cannot be changed for others', () => {
    const store = createMemoryStore(options());
    void store.append('run/a', 0, [note('same')], { durable: false, commitId: commitId() });
    (store.events()[0]?.data as { text: string }).text = 'changed';
    expect(store.events().map(textOf)).toEqual(['same']);
  });

  it('the same steps with the same clock and randomness make the same log', async () => {
    const logOf = async () => {
      const store = createMemoryStore(options());
      const commit = '01K00000000000000000000000';
      await store.append('run/a', 0, [note('a'), note('b')], { durable: true, commitId: commit });
      return store.lines();
    };
    expect(await logOf()).toEqual(await logOf());
  });
});
