/**
 * A server lives for months. Two weeks of slots over a real home, with a clock that the test moves and acts that are not
 * performed (a stand-in: so many processes would take minutes): after the second week it holds what it held after the
 * first, in which caches fill and the program's functions are compiled.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import { realServe } from '../../src/engine/serve/real-serve.ts';
import { Server } from '../../src/engine/serve/server.ts';
import type { IndexDb } from '../../src/home/index-db.ts';
import { statusCounts } from '../../src/home/read-model.ts';
import { DAY, HOUR } from '../support/serve-simulation.ts';
import { DONE } from '../support/simulation.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  // What only weak references held is gone after the second.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test('a week of slots leaves no more in memory than the week before', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'wf-serve-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const never = new AbortController().signal;
  const home = await openWorkflowHome({
    home: join(dir, 'home'),
    env: {},
    packageDir: dir,
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  const definition = {
    id: 'w',
    classify: { routes: [], fallback: { name: 'general', risk: 'low' } },
    execute: { dispatcher: 'command', command: '/bin/true' },
    schedules: [{ id: 's', cron: '*/15 * * * *', timezone: 'Europe/Berlin', input: 'x', overlap: 'queue' }],
  };
  mkdirSync(home.paths.definitions, { recursive: true });
  writeFileSync(join(home.paths.definitions, 'w.json'), JSON.stringify(definition));
  let nowMs = Date.UTC(2026, 0, 2);
  const clock = { now: () => nowMs, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const world = { ...home.ports.world, dispatch: async () => DONE };
  const moved = { ...home, ports: { ...home.ports, clock, world } };
  const server = new Server(realServe(moved, () => undefined));
  const serveUntil = async (endMs: number): Promise<number> => {
    for (; nowMs < endMs; nowMs += HOUR / 4) {
      await server.look();
      await server.settled();
    }
    return heapBytes();
  };
  const start = nowMs;
  const afterOne = await serveUntil(start + 7 * DAY);
  const runsBefore = completed(home.index);
  const afterTwo = await serveUntil(start + 14 * DAY);
  expect(completed(home.index) - runsBefore).toBe(7 * 24 * 4);
  expect(server.held).toEqual({ working: 0, remembered: 0 });
  // Of 672 runs less than half a kilobyte each: one remembered row would be more.
  expect(afterTwo - afterOne).toBeLessThan(320 * 1024);
}, 300_000);

const completed = (index: IndexDb): number => statusCounts(index).get('completed') ?? 0;
