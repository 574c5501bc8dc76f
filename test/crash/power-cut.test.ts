/**
 * The power goes at every call that changes the disk, and in the middle of every write; each state the disk may then
 * be in is opened, read, written to and compared with what anybody had been told. See docs/RELIABILITY.md.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type CheckOptions, cutEverywhere, options } from '../support/power-cut-checks.ts';
import { processOn } from '../support/power-cut-fs.ts';
import {
  append,
  appendDespite,
  glance,
  LOGS,
  look,
  newWorld,
  openOn,
  type World,
} from '../support/power-cut-log.ts';
import type { Call, Fault } from '../support/power-cut-machine.ts';

const all = { cuts: 0, states: 0, recoveries: 0 };
afterAll(() => console.log(`power cuts tried: ${JSON.stringify(all)}`));

type History = (world: World) => Promise<void>;
const cut = async (history: History, world = newWorld(), more: Partial<CheckOptions> = {}): Promise<void> => {
  const checked = { ...options(1), ...more };
  await cutEverywhere(world, history, checked);
  for (const key of ['cuts', 'states', 'recoveries'] as const) all[key] += checked.tally[key];
};

const one = (stream: string, ...texts: string[]) => [{ stream, texts }];

/** A log with two events that are on disk, and what a process that was killed left behind them. */
const worldWith = async (behind: string): Promise<World> => {
  const world = newWorld();
  const store = openOn(world);
  await append(world, store, one('run/old', 'o1'), true);
  await append(world, store, one('run/old', 'o2'), true);
  await store.close();
  const fs = processOn(world.on);
  const fd = fs.openSync(`${LOGS}/events.jsonl`, 'a');
  fs.writeSync(fd, Buffer.from(behind), 0, behind.length);
  return world;
};

/** Each kind of write there is, by three processes. */
const mixed: History = async (world) => {
  const [a, b, c] = [openOn(world), openOn(world), openOn(world)];
  await append(world, a, one('run/a', 'a1'), false);
  await append(world, b, one('run/b', 'b1', 'b2'), false);
  await look(world, c);
  await append(world, a, [...one('run/a', 'a2'), ...one('run/d', 'd1', 'd2')], false);
  await world.index.catchUp(c);
  await append(world, b, one('run/b', 'b3'), true);
  await append(world, a, one('run/c', 'c1'), false);
  for (const store of [a, b, c]) await store.close();
};

/** How many calls a history makes. */
const callsOf = async (history: History): Promise<number> => {
  const world = newWorld();
  await history(world);
  return world.on.calls;
};

describe('a power cut', { timeout: 600_000 }, () => {
  it('in the first commands of a home loses nothing that was acknowledged', async () => {
    await cut(async (world) => {
      const store = openOn(world);
      await append(world, store, one('run/a', 'a1', 'a2'), true);
      await append(world, store, one('run/a', 'a3'), false);
      await append(world, store, one('run/b', 'b1'), true);
      await store.close();
    });
  });

  it('while processes append in turn takes nothing back that one of them has told of', async () => {
    await cut(mixed);
  });

  it('in a write of many sectors leaves whole commits, whichever of its sectors were kept', async () => {
    const long = (name: string): string => name + 'x'.repeat(1200);
    await cut(async (world) => {
      const store = openOn(world);
      await append(world, store, one('run/a', 'a1'), true);
      await append(world, store, [...one('run/a', long('a2')), ...one('run/b', long('b1'), 'b2')], true);
      await store.close();
    });
  });

  it('while an unfinished end is set aside loses no byte of it', async () => {
    const torn = '{"seq":3,"id":"01K';
    await cut(
      async (world) => {
        const store = openOn(world);
        await append(world, store, one('run/a', 'a1'), false);
        await append(world, store, one('run/a', 'a2'), true);
        await store.close();
      },
      await worldWith(torn + 'z'.repeat(700)),
    );
  });

  it('while a missing newline is added loses no event', async () => {
    const world = newWorld();
    const store = openOn(world);
    await append(world, store, one('run/old', 'o1'), true);
    await append(world, store, one('run/old', 'o2'), false);
    await store.close();
    const fs = processOn(world.on);
    const fd = fs.openSync(`${LOGS}/events.jsonl`, 'a');
    fs.ftruncateSync(fd, fs.fstatSync(fd).size - 1);
    await cut(async () => {
      const next = openOn(world);
      await append(world, next, one('run/old', 'o3'), false);
      await look(world, openOn(world));
      await next.close();
    }, world);
  });
});

describe('a process killed, and then the power', { timeout: 600_000 }, () => {
  it('at any call of it, with another that goes on', async () => {
    const first: History = async (world) => {
      const store = openOn(world);
      await append(world, store, one('run/a', 'a1', 'a2'), false);
      await append(world, store, one('run/b', 'b1'), true);
      await store.close();
    };
    const calls = await callsOf(first);
    for (let n = 1; n <= calls; n++) {
      const world = newWorld();
      let killed = false;
      world.on.beforeCall = (call) => {
        killed ||= call.n >= n;
        if (killed) throw new Error('killed');
        return undefined;
      };
      // A killed process hears of nothing any more.
      await Promise.race([first(world), untilKilled(() => killed)]).catch(() => {});
      const { attempted, required } = world.ledger;
      const told = new Set(required);
      world.on.beforeCall = () => undefined;
      required.clear();
      for (const text of told) required.add(text);
      await cut(
        async () => {
          const store = openOn(world);
          await append(world, store, one('run/c', 'c1'), true);
          await store.close();
        },
        world,
        { limit: 12 },
      );
      expect(attempted.length).toBeGreaterThan(0);
    }
  });
});

const untilKilled = async (killed: () => boolean): Promise<void> => {
  while (!killed()) await new Promise((resolve) => setImmediate(resolve));
};

describe('a disk that fails', { timeout: 600_000 }, () => {
  const despite: History = async (world) => {
    await appendDespite(world, one('run/a', 'a1'), true);
    await appendDespite(world, [...one('run/a', 'a2', 'a3'), ...one('run/b', 'b1')], false);
    await appendDespite(world, one('run/b', 'b2'), true);
  };
  const tryFault = async (faultOf: (call: Call) => Fault | undefined, fromCall: number): Promise<void> => {
    const world = newWorld();
    world.on.beforeCall = faultOf;
    await cut(despite, world, { limit: 6, fromCall, recutShare: 0.003 });
  };

  it.each([
    ['an I/O error', { error: 'EIO' }],
    ['a full disk', { error: 'ENOSPC' }],
    ['a sync that fails', { error: 'EIO', evicted: false }],
    ['a sync that fails and drops its pages', { error: 'EIO', evicted: true }],
    ['a write or read of one byte', { short: 1 }],
    ['a write or read of less', { short: 300 }],
  ] as const)('%s at any call, and then the power: nothing acknowledged is lost', async (_, fault) => {
    const calls = await callsOf(despite);
    for (let n = 1; n <= calls; n++) await tryFault((call) => (call.n === n ? fault : undefined), n);
  });

  it('space for any number of bytes: what did not fit is there once after it was said again', async () => {
    for (let free = 0; free < 1400; free += 130) {
      const world = newWorld();
      await appendDespite(world, one('run/0', '01'), true);
      world.on.disk.freeBytes = free;
      await cut(despite, world, { limit: 24, recutShare: 0 });
    }
  });
});

describe('somebody who looks at the log between two calls of a writer', { timeout: 600_000 }, () => {
  const writer: History = async (world) => {
    await appendDespite(world, one('run/a', 'a1'), false);
    await appendDespite(
      world,
      [...one('run/a', 'a2'), ...one('run/b', 'b1', 'b2'), ...one('run/c', 'c1')],
      true,
    );
    await appendDespite(world, one('run/b', 'b3'), true);
  };
  const tryGlance = async (at: number, fault: (call: Call) => Fault | undefined): Promise<void> => {
    const world = newWorld();
    const other = openOn(world);
    const errors: unknown[] = [];
    let looking = false;
    let own = 0;
    world.on.beforeCall = (call) => {
      if (looking) return undefined;
      own++;
      if (own === at) {
        looking = true;
        try {
          glance(world, other);
        } catch (error) {
          errors.push(error);
        }
        looking = false;
      }
      return fault({ ...call, n: own });
    };
    await cut(writer, world, { limit: 12, recutShare: 0, fromCall: at });
    expect(errors).toEqual([]);
  };

  it('is never told of an event that is gone afterwards', async () => {
    const calls = await callsOf(writer);
    for (let at = 1; at <= calls; at++) await tryGlance(at, () => undefined);
  });

  it('nor when the disk fills up in the middle of what he sees', async () => {
    const world = newWorld();
    const writes: Call[] = [];
    world.on.beforeCall = (call) => {
      if (call.name === 'writeSync') writes.push(call);
      return undefined;
    };
    await writer(world);
    const { n, bytes = 0 } = writes[1] as Call;
    for (const part of [0.2, 0.3, 0.5, 0.6, 0.9, 0.99]) {
      const fault = (call: Call): Fault | undefined => {
        if (call.n === n) return { short: Math.floor(bytes * part) };
        return call.n === n + 1 ? { error: 'ENOSPC' } : undefined;
      };
      for (const at of [n, n + 1, n + 2]) await tryGlance(at, fault);
    }
  });
});
