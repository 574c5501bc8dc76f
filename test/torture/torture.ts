/**
 * Rounds of torture, each on a fresh home so that its history stays short: storm, quiet, checks. A home with findings
 * is kept for who wants to look; a clean one is removed.
 */
import { type Checked, check } from './checks.ts';
import { makePlace, type Place, type Workshop } from './place.ts';
import { bringToRest } from './quiet.ts';
import { type StormOptions, storm } from './storm.ts';

export type Tortured = Checked & {
  readonly place: Place;
  readonly seed: number;
  readonly seconds: number;
  readonly commands: number;
  readonly kills: number;
  readonly killsAt: ReadonlyMap<string, number>;
  readonly stops: number;
  readonly childrenKilled: number;
};

export async function torture(workshop: Workshop, options: StormOptions): Promise<Tortured> {
  const begun = performance.now();
  const place = makePlace(workshop, `seed-${options.seed}`);
  const { told, ...counts } = await storm(place, options);
  const quiet = await bringToRest(place);
  const checked = await check(place, [...told, ...quiet.told]);
  return {
    ...checked,
    ...counts,
    problems: [...quiet.problems, ...checked.problems],
    place,
    seed: options.seed,
    seconds: Math.round((performance.now() - begun) / 1000),
    commands: told.length + quiet.told.length,
  };
}

export type RoundsOptions = {
  readonly seed: number;
  readonly processes: number;
  /** Rounds that go on side by side: while one is checked, the other one storms. */
  readonly lanes: number;
  readonly seconds: number;
  /** Of all rounds together. */
  readonly kills: number;
  readonly killsARound: number;
  readonly onRound: (round: Tortured) => void;
};

/** Ends early at the first round with findings. */
export async function rounds(workshop: Workshop, options: RoundsOptions): Promise<void> {
  const until = performance.now() + options.seconds * 1000;
  let begun = 0;
  let left = options.kills;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (!failed && left > 0 && performance.now() < until) {
      const kills = Math.min(left, options.killsARound);
      left -= kills;
      const seed = options.seed * 1000 + begun++;
      const round = await torture(workshop, { seed, processes: options.processes, kills, until });
      // A round that ran out of time, or let some more die at once, had another number of kills than it was given.
      left += kills - round.kills;
      if (round.problems.length > 0) failed = true;
      else round.place.remove();
      options.onRound(round);
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
}
