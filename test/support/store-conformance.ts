/** The contract of EventStore: every store must pass it, whatever it keeps the events in. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES, seq } from '../../src/events/envelope.ts';
import { ConflictError, type EventStore, TooLargeError } from '../../src/log/event-store.ts';
import { collect, commitId, note, textOf } from './log-helpers.ts';

export type StoreHarness = {
  /** A handle on the same log, as another process would open it (or the same one, where there is only one). */
  open(): EventStore;
  /** Called between steps: lets an index move on, say. */
  between?(store: EventStore): Promise<void>;
  dispose(): Promise<void>;
};

const soft = { durable: false } as const;

export const describeEventStore = (name: string, makeHarness: () => StoreHarness): void => {
  describe(`event store: ${name}`, () => {
    let harness: StoreHarness;
    let store: EventStore;
    beforeEach(() => {
      harness = makeHarness();
      store = harness.open();
    });
    afterEach(() => harness.dispose());

    const put = async (stream: string, expected: number, ...texts: string[]) => {
      const options = { durable: false, commitId: commitId() };
      const result = await store.append(
        stream,
        expected,
        texts.map((text) => note(text)),
        options,
      );
      await harness.between?.(store);
      return result;
    };
    const texts = async (stream: string) => (await collect(store.read(stream))).map(textOf);

    it('an empty log has no head, no streams and nothing to read', async () => {
      expect(await store.head()).toBeNull();
      expect(await store.headOf('run/a')).toBe(0);
      expect(await collect(store.read('run/a'))).toEqual([]);
      expect(await collect(store.readAll(null))).toEqual([]);
    });

    it('what was appended is read back, in order, with its place', async () => {
      expect(await put('run/a', 0, 'one', 'two')).toEqual({ version: 2, position: { seq: 2 } });
      expect(await put('run/b', 0, 'other')).toEqual({ version: 1, position: { seq: 3 } });
      expect(await put('run/a', 2, 'three')).toEqual({ version: 3, position: { seq: 4 } });
      const events = await collect(store.read('run/a'));
      expect(events.map((e) => [e.seq, e.streamVersion, textOf(e), e.batch])).toEqual([
        [1, 1, 'one', [1, 2]],
        [2, 2, 'two', [2, 2]],
        [4, 3, 'three', undefined],
      ]);
      expect(await store.head()).toEqual({ seq: 4 });
      expect(await store.headOf('run/a')).toBe(3);
    });

    it('a range of versions is inclusive at both ends', async () => {
      for (let version = 0; version < 5; version++) await put('run/a', version, `v${version + 1}`);
      const range = async (from?: number, to?: number) =>
        (await collect(store.read('run/a', { ...(from && { from }), ...(to && { to }) }))).map(textOf);
      expect(await range(2, 4)).toEqual(['v2', 'v3', 'v4']);
      expect(await range(4)).toEqual(['v4', 'v5']);
      expect(await range(undefined, 1)).toEqual(['v1']);
      expect(await range(6)).toEqual([]);
    });

    it('a stale or a too high expected version is a conflict that names the real one, and writes nothing', async () => {
      await put('run/a', 0, 'one');
      for (const expected of [0, 2, 7]) {
        const error = await put('run/a', expected, 'no').catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ConflictError);
        expect(error).toMatchObject({ stream: 'run/a', expected, actual: 1, index: 0 });
      }
      expect(await texts('run/a')).toEqual(['one']);
      expect(await store.head()).toEqual({ seq: 1 });
    });

    it('fifty starters of one stream: exactly one wins', async () => {
      const handles = Array.from({ length: 5 }, () => harness.open());
      const race = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) =>
          (handles[i % 5] as EventStore).append('key/x', 0, [note(`starter ${i}`)], {
            durable: false,
            commitId: commitId(),
          }),
        ),
      );
      const losers = race.filter((r) => r.status === 'rejected');
      expect(race.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      expect(losers.every((r) => r.reason instanceof ConflictError)).toBe(true);
      expect(await texts('key/x')).toHaveLength(1);
    });

    it('the same commit sent again has the same result and is recorded once', async () => {
      const options = { durable: true, commitId: commitId() };
      const events = [note('a', { n: 1 }), note('b')];
      const first = await store.append('run/a', 0, events, options);
      await put('run/z', 0, 'between');
      await put('run/a', 2, 'later');
      expect(await store.append('run/a', 0, events, options)).toEqual(first);
      expect(await harness.open().append('run/a', 0, events, options)).toEqual(first);
      expect(await texts('run/a')).toEqual(['a', 'b', 'later']);
    });

    it('a commit id that returns with other events is reported as a bug, not answered', async () => {
      const options = { durable: false, commitId: commitId() };
      await store.append('run/a', 0, [note('a'), note('b')], options);
      for (const events of [
        [note('a'), note('c')],
        [note('a')],
        [{ ...note('a'), meta: { actor: 'x' } }, note('b')],
      ]) {
        await expect(store.append('run/a', 0, events, options)).rejects.toMatchObject({ code: 'bug' });
      }
      expect(await texts('run/a')).toEqual(['a', 'b']);
    });

    it('a commit of which one event is refused records none of them', async () => {
      const tooLong = note('x'.repeat(MAX_LINE_BYTES));
      const append = (events: ReturnType<typeof note>[]) =>
        store.append('run/a', 0, events, { durable: false, commitId: commitId() });
      await expect(append([note('fine'), tooLong])).rejects.toBeInstanceOf(TooLargeError);
      await expect(append([note('fine'), note('half \ud800 pair')])).rejects.toMatchObject({
        code: 'invalid-unicode',
      });
      await expect(append([note('fine'), { type: 'NoSuchType', data: {} }])).rejects.toMatchObject({
        code: 'bug',
      });
      await expect(append([])).rejects.toMatchObject({ code: 'bug' });
      const many = Array.from({ length: 60 }, () => note('x'.repeat(200_000)));
      await expect(append(many)).rejects.toBeInstanceOf(TooLargeError);
      expect(await store.head()).toBeNull();
      await put('run/a', 0, 'after all that');
      expect(await texts('run/a')).toEqual(['after all that']);
    });

    it('commits in order see each other, and stop at the first that fails', async () => {
      const commit = (stream: string, expectedVersion: number, text: string) => ({
        stream,
        expectedVersion,
        events: [note(text)],
        commitId: commitId(),
      });
      const done = await store.appendInOrder(
        [commit('key/k', 0, 'claim'), commit('run/r', 0, 's'), commit('run/r', 1, 't')],
        soft,
      );
      expect(done.map((r) => [r.version, r.position.seq])).toEqual([
        [1, 1],
        [1, 2],
        [2, 3],
      ]);
      const failed = store.appendInOrder(
        [commit('run/r', 2, 'u'), commit('key/k', 0, 'stale'), commit('run/r', 3, 'v')],
        soft,
      );
      await expect(failed).rejects.toMatchObject({
        name: 'ConflictError',
        stream: 'key/k',
        index: 1,
        actual: 1,
      });
      expect(await texts('run/r')).toEqual(['s', 't', 'u']);
      expect(await texts('key/k')).toEqual(['claim']);
    });

    it('one append that fails does not fail those asked for in the same moment', async () => {
      await put('run/a', 0, 'one');
      const results = await Promise.allSettled([
        put('run/b', 0, 'b'),
        put('run/a', 0, 'stale'),
        put('run/c', 0, 'c'),
      ]);
      expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });

    it('an append whose signal has fired is not recorded', async () => {
      const options = { durable: false, commitId: commitId(), signal: AbortSignal.abort(new Error('stop')) };
      await expect(store.append('run/a', 0, [note('x')], options)).rejects.toThrow('stop');
      expect(await store.headOf('run/a')).toBe(0);
    });

    it('versions and positions have no gaps, and readAll is the union of all streams', async () => {
      const streams = ['run/a', 'run/b', 'tool/h/t', 'workflow/w'];
      const writers = streams.map(async (stream, i) => {
        const handle = harness.open();
        for (let version = 0; version < 12; version++) {
          const events = Array.from({ length: (i + version) % 3 === 0 ? 2 : 1 }, () =>
            note(`${stream} ${version}`),
          );
          const head = await handle.headOf(stream);
          await handle.append(stream, head, events, { durable: false, commitId: commitId() });
          await harness.between?.(store);
        }
      });
      await Promise.all(writers);
      const all = await collect(store.readAll(null));
      expect(all.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
      expect([...all].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(all);
      for (const stream of streams) {
        const own = await collect(store.read(stream));
        expect(own).toEqual(all.filter((e) => e.stream === stream));
        expect(own.map((e) => e.streamVersion)).toEqual(own.map((_, i) => i + 1));
      }
      for (const after of [0, 1, 7, all.length - 1, all.length, all.length + 5]) {
        expect(await collect(store.readAll({ seq: seq(after) }))).toEqual(all.slice(after));
      }
      expect(await collect(store.readAll({ seq: seq(3) }, { until: { seq: seq(9) } }))).toEqual(
        all.slice(3, 9),
      );
    });

    it('readAll ends where the log ended when it was called', async () => {
      await put('run/a', 0, 'one');
      const all = store.readAll(null);
      await put('run/a', 1, 'two');
      expect((await collect(all)).map(textOf)).toEqual(['one']);
    });

    it('no reader skips an event while slow writers append', async () => {
      const stop = new AbortController();
      const seen: number[] = [];
      const reader = harness.open();
      const reading = reader.subscribe(null, (e) => void seen.push(e.seq), { signal: stop.signal });
      const writers = Array.from({ length: 8 }, async (_, i) => {
        const handle = harness.open();
        for (let n = 0; n < 4; n++) {
          await new Promise((resolve) => setTimeout(resolve, (i * 7 + n * 11) % 17));
          await handle.append(`run/${i}`, n, [note(`${i}.${n}`)], {
            durable: n % 2 === 0,
            commitId: commitId(),
          });
        }
      });
      await Promise.all(writers);
      while (seen.length < 32) await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort();
      await reading;
      expect(seen).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    });

    it('a subscription taken up again by another handle goes on where it stopped', async () => {
      const seen: unknown[] = [];
      const follow = async (from: number, untilText: string) => {
        const stop = new AbortController();
        let last = from;
        const handler = (e: Parameters<Parameters<EventStore['subscribe']>[1]>[0]) => {
          seen.push(textOf(e));
          last = e.seq;
          if (textOf(e) === untilText) stop.abort();
        };
        const filter = (e: { stream: string }) => e.stream === 'run/a';
        await harness.open().subscribe({ seq: seq(from) }, handler, { signal: stop.signal, filter });
        return last;
      };
      await put('run/a', 0, 'one', 'two');
      await put('run/b', 0, 'not mine');
      const stopped = await follow(0, 'two');
      const later = follow(stopped, 'four');
      await put('run/a', 2, 'three');
      await put('run/a', 3, 'four');
      await later;
      expect(seen).toEqual(['one', 'two', 'three', 'four']);
    });

    it('sync answers how far the log is on disk', async () => {
      await put('run/a', 0, 'one');
      const { position } = await put('run/a', 1, 'two');
      expect((await store.sync(position)).seq).toBeGreaterThanOrEqual(2);
    });

    it('keys that mean something to JavaScript are kept as data', async () => {
      const data = JSON.parse(
        '{"__proto__":{"a":1},"constructor":"c","text":"t\u2028\\u0000\u{1F600}"}',
      ) as object;
      await store.append('run/a', 0, [{ type: 'FeedbackSubmitted', data }], {
        durable: false,
        commitId: commitId(),
      });
      const [event] = await collect(store.read('run/a'));
      expect(JSON.stringify(event?.data)).toBe(JSON.stringify(data));
      expect(Object.hasOwn(event?.data ?? {}, '__proto__')).toBe(true);
    });
  });
};
