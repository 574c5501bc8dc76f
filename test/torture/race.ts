/**
 * The concurrency case: processes that ask for the same work at the same time, and nobody is killed. Every key is
 * executed once, and no entry of anybody is lost.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './checks.ts';
import { readHistory } from './history.ts';
import type { Place, Told } from './place.ts';

export type RaceOptions = { readonly processes: number; readonly runs: number; readonly keys: number };
export type Raced = {
  readonly problems: readonly string[];
  readonly asked: number;
  readonly executed: number;
  readonly events: number;
};

/** Every second request is for a raced key, the others are the process's own. */
export async function race(place: Place, { processes, runs, keys }: RaceOptions): Promise<Raced> {
  const told: Told[] = [];
  const wanted = new Set<string>();
  const worker = async (name: number): Promise<void> => {
    for (let i = 0; i < runs; i++) {
      const key = i % 2 === 0 ? `raced-${(i / 2) % keys}` : `own-${name}-${i}`;
      wanted.add(key);
      told.push(await place.wf(['run', 'once', '--input', key, '--idempotency-key', key]));
    }
  };
  await Promise.all(Array.from({ length: processes }, (_, name) => worker(name)));
  const { problems, effects, events } = await check(place, told);
  return {
    problems: [
      ...problems,
      ...told.filter(({ code }) => code !== 0).map(({ args, code }) => `wf ${args.join(' ')}: exit ${code}`),
      ...lost(place, wanted),
      ...(effects === wanted.size ? [] : [`${wanted.size} keys were executed ${effects} times`]),
    ],
    asked: told.length,
    executed: effects,
    events,
  };
}

/** A key without its run, in the log or in the map; the map lists the newest 1,000. */
function lost(place: Place, wanted: ReadonlySet<string>): readonly string[] {
  const started = new Map<string, number>();
  for (const { key } of readHistory(place.home).runs.values()) started.set(key, (started.get(key) ?? 0) + 1);
  const map = JSON.parse(readFileSync(join(place.home, 'state/index.json'), 'utf8')) as {
    idempotency: Record<string, string>;
    total: number;
  };
  return [
    ...[...wanted].flatMap((key) => {
      const times = started.get(key) ?? 0;
      return times === 1 ? [] : [`key ${key} was started ${times} times`];
    }),
    ...(wanted.size > 1000 ? [] : [...wanted].filter((key) => map.idempotency[key] === undefined)).map(
      (key) => `index.json has lost ${key}`,
    ),
    ...(map.total === wanted.size ? [] : [`index.json counts ${map.total} of ${wanted.size}`]),
  ];
}
