/** What a torture says of itself: a JSON line for each round, and sums that add up. */
import { FAILPOINTS } from '../../src/failpoint.ts';
import type { Tortured } from './torture.ts';

const COUNTED = [
  'commands',
  'kills',
  'stops',
  'childrenKilled',
  'events',
  'runs',
  'effects',
  'answers',
  'takeovers',
  'doubts',
  'torn',
] as const;
type Counted = (typeof COUNTED)[number];

/** For a file that many tortures are added to. */
export const jsonLine = (round: Tortured): string => {
  const { seed, seconds, problems, killsAt } = round;
  const counts = Object.fromEntries(COUNTED.map((name) => [name, round[name]]));
  return JSON.stringify({
    seed,
    seconds,
    findings: problems.length,
    ...counts,
    killsAt: Object.fromEntries(killsAt),
  });
};

type Line = Readonly<Record<Counted | 'seconds' | 'findings' | 'seed', number>> & {
  readonly killsAt: Readonly<Record<string, number>>;
};

/** @param lines of {@link jsonLine}, of any number of tortures */
export function summaryOf(lines: readonly string[]): string {
  const rounds = lines.map((line) => JSON.parse(line) as Line);
  const sum = (name: Counted | 'findings'): string =>
    rounds.reduce((total, round) => total + round[name], 0).toLocaleString('en');
  const at = new Map<string, number>();
  for (const round of rounds)
    for (const [name, times] of Object.entries(round.killsAt)) at.set(name, (at.get(name) ?? 0) + times);
  const elsewhere = rounds.reduce((total, round) => total + round.kills, 0) - sumOf(at);
  return [
    `${rounds.length} rounds: ${sum('commands')} commands, ${sum('kills')} killed, ${sum('stops')} stopped and continued, ${sum('childrenKilled')} children killed`,
    `checked: ${sum('events')} events, ${sum('runs')} runs, ${sum('effects')} acts in the world, ${sum('answers')} answers`,
    `recovered: ${sum('takeovers')} runs taken over, ${sum('doubts')} effects in doubt, ${sum('torn')} torn ends set aside`,
    'killed at',
    tableOf(at),
    `  ${String(elsewhere).padStart(7)}  a random time`,
    `findings: ${sum('findings')}`,
  ].join('\n');
}

export const sumOf = (killsAt: ReadonlyMap<string, number>): number =>
  [...killsAt.values()].reduce((total, times) => total + times, 0);

/** In the order of the catalogue; places that nobody died at are left out. */
export const tableOf = (killsAt: ReadonlyMap<string, number>): string =>
  FAILPOINTS.flatMap((name) => {
    const times = killsAt.get(name);
    return times === undefined ? [] : [`  ${String(times).padStart(7)}  ${name}`];
  }).join('\n');
