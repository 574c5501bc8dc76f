/**
 * The storm: workers that ask `wf` for everything at once and kill it whenever they like. Nothing is checked here;
 * every word that a process told is kept for the checks.
 */
import { mkdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { WORKFLOWS } from './definitions.ts';
import { performed } from './history.ts';
import { endChildren } from './leftovers.ts';
import type { Place, Started, Told } from './place.ts';
import { type Random, seeded } from './random.ts';

export type StormOptions = {
  readonly seconds: number;
  readonly seed: number;
  readonly processes: number;
  /** Ends the storm early once so many were killed. */
  readonly maxKills?: number;
};
export type Storm = {
  readonly told: readonly Told[];
  readonly kills: number;
  readonly stops: number;
  readonly childrenKilled: number;
};

/** So many requests are raced at a time; after so many commands the next ones take their place. */
const LIVE_TASKS = 3;
const COMMANDS_A_GENERATION = 60;

export async function storm(place: Place, options: StormOptions): Promise<Storm> {
  const until = Date.now() + options.seconds * 1000;
  const told: Told[] = [];
  const counts = { kills: 0, stops: 0, childrenKilled: 0, commands: 0 };
  const onWrite = new Set<() => void>();
  mkdirSync(join(place.home, 'logs'), { recursive: true, mode: 0o700 });
  mkdirSync(join(place.home, 'state'), { recursive: true, mode: 0o700 });
  const watchers = ['logs', 'state'].map((name) =>
    watch(join(place.home, name), () => {
      for (const notify of onWrite) notify();
    }),
  );
  const worker = async (random: Random): Promise<void> => {
    while (Date.now() < until && counts.kills < (options.maxKills ?? Number.POSITIVE_INFINITY)) {
      const generation = Math.floor(counts.commands++ / COMMANDS_A_GENERATION);
      const started = place.start(command(place, random, generation, told));
      const fate = decideFate(random, started, onWrite);
      const end = await started.ended;
      fate.clear();
      told.push(end);
      if (end.signal === 'SIGKILL') counts.kills++;
      if (fate.stopped()) counts.stops++;
      if (end.signal === 'SIGKILL' && random.chance(0.3)) counts.childrenKilled += endChildren(place);
    }
  };
  await Promise.all(
    Array.from({ length: options.processes }, (_, i) => worker(seeded(options.seed * 1009 + i))),
  );
  for (const watcher of watchers) watcher.close();
  return { told, ...counts };
}

/** A kill at some time, at some write of anybody, or none; a few are stopped for a while instead. */
function decideFate(random: Random, { child }: Started, onWrite: Set<() => void>) {
  const timers: NodeJS.Timeout[] = [];
  let stopped = false;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  const fate = random.below(100);
  const afterMs = random.below(400);
  let writes = 1 + random.below(25);
  const written = (): void => {
    if (--writes === 0) kill();
  };
  if (fate < 35) timers.push(setTimeout(kill, afterMs));
  else if (fate < 70) onWrite.add(written);
  else if (fate < 75)
    timers.push(
      setTimeout(() => {
        stopped = child.kill('SIGSTOP');
        timers.push(setTimeout(() => child.kill('SIGCONT'), 300));
      }, afterMs),
    );
  return {
    clear: () => {
      for (const timer of timers) clearTimeout(timer);
      onWrite.delete(written);
    },
    stopped: () => stopped,
  };
}

function command(place: Place, random: Random, generation: number, told: readonly Told[]): readonly string[] {
  const task = `${generation}-${random.below(LIVE_TASKS)}`;
  const workflow = random.pick(WORKFLOWS);
  const request = ['run', workflow, '--input', task, '--idempotency-key', task];
  const known = told.flatMap(({ json }) => json?.run ?? []).slice(-40);
  const dice = random.below(100);
  if (dice < 50 || known.length === 0) return request;
  if (dice < 58) return [...request, '--force'];
  if (dice < 60) return [...request, '--detach'];
  const { runId } = random.pick(known);
  if (dice < 72) return ['resume', runId];
  if (dice < 80) {
    const handedOff = known.filter(({ status }) => status === 'handed_off');
    const of = handedOff.length === 0 ? runId : random.pick(handedOff).runId;
    return ['report', of, '--text', `report ${random.below(2)} of ${of}`];
  }
  if (dice < 83) return ['cancel', runId];
  if (dice < 91) {
    const inDoubt = known.filter(({ status }) => status === 'waiting');
    const of = inDoubt.length === 0 ? runId : random.pick(inDoubt).runId;
    return ['resolve', of, verdict(place, of)];
  }
  if (dice < 96)
    return [
      'feedback',
      'submit',
      '--workflow-id',
      workflow,
      '--score',
      '3',
      '--feedback',
      `note ${told.length}`,
    ];
  if (dice < 97) return ['doctor'];
  return ['rebuild-projections'];
}

/** What an honest person says: whether the newest attempt of the run's newest step was seen in the world. */
export function verdict(place: Place, runId: string): '--sent' | '--not-sent' {
  const seen = performed(place.lines('effects'));
  const intended = readFileSync(join(place.home, 'logs/events.jsonl'), 'utf8').split('\n');
  const last = intended.findLast(
    (line) => line.includes(`"stream":"run/${runId}"`) && line.includes('"type":"EffectIntended"'),
  );
  const key = last === undefined ? undefined : /"key":"(wf:[^"]+)"/.exec(last)?.[1];
  return key !== undefined && seen.has(key) ? '--sent' : '--not-sent';
}
