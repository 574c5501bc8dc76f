/**
 * The storm: workers that ask `wf` for everything at once, and nearly every process dies. Nothing is checked here;
 * every word that a process told is kept for the checks.
 */
import { FAILPOINTS } from '../../src/failpoint.ts';
import { aimOf, carryOut, chooseFate } from './fate.ts';
import { endChildren } from './leftovers.ts';
import { diedAt, type Place, type Told } from './place.ts';
import { seeded } from './random.ts';
import { Tasks } from './tasks.ts';

export type StormOptions = {
  readonly seed: number;
  readonly processes: number;
  /** The storm ends once so many were killed, or at this time of `performance.now()`. */
  readonly kills: number;
  readonly until: number;
};
export type Storm = {
  readonly told: readonly Told[];
  readonly kills: number;
  /** By failpoint; what died at no failpoint died at a random time. */
  readonly killsAt: ReadonlyMap<string, number>;
  readonly stops: number;
  readonly childrenKilled: number;
};

export async function storm(place: Place, options: StormOptions): Promise<Storm> {
  const random = seeded(options.seed);
  const tasks = new Tasks(place, random);
  const told: Told[] = [];
  const killsAt = new Map<string, number>();
  let [kills, stops, childrenKilled] = [0, 0, 0];
  /** Where the fewest have died of those places that commands of a storm come by. */
  const rarest = (): string | null =>
    FAILPOINTS.filter((name) => killsAt.has(name)).toSorted(
      (a, b) => (killsAt.get(a) ?? 0) - (killsAt.get(b) ?? 0),
    )[random.below(5)] ?? null;
  const worker = async (): Promise<void> => {
    while (performance.now() < options.until && kills < options.kills) {
      const command = tasks.next();
      const fate = chooseFate(random, command.isShort, rarest());
      const started = place.start(command.args, aimOf(fate));
      const carried = carryOut(fate, started);
      const end = await started.ended;
      carried.clear();
      told.push(end);
      tasks.told(command, end);
      if (fate.type === 'stop' || end.stderr.startsWith('failpoint ')) stops += end.signal === null ? 1 : 0;
      if (end.signal !== 'SIGKILL') continue;
      kills++;
      const at = diedAt(end);
      if (at !== null) killsAt.set(at, (killsAt.get(at) ?? 0) + 1);
      // As a crash of the whole session would. Looking for children costs more than a kill: where there may be one.
      const hasChild = at === null || at.startsWith('effect.spawn.') || at.startsWith('effect.child.');
      if (random.chance(hasChild ? 0.5 : 0.02)) childrenKilled += endChildren(place);
    }
  };
  await Promise.all(Array.from({ length: options.processes }, worker));
  return { told, kills, killsAt, stops, childrenKilled };
}
