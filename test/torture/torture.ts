/** One whole torture: storm, quiet, checks. The home is given back for who wants to look, or takes it away. */
import { type Checked, check } from './checks.ts';
import { makePlace, type Place } from './place.ts';
import { bringToRest } from './quiet.ts';
import { type StormOptions, storm } from './storm.ts';

export type Tortured = Checked & {
  readonly place: Place;
  readonly commands: number;
  readonly kills: number;
  readonly stops: number;
  readonly childrenKilled: number;
};

export async function torture(options: StormOptions): Promise<Tortured> {
  const place = makePlace();
  const { told, ...counts } = await storm(place, options);
  const quiet = await bringToRest(place);
  const checked = await check(place, [...told, ...quiet.told]);
  return {
    ...checked,
    ...counts,
    problems: [...quiet.problems, ...checked.problems],
    place,
    commands: told.length + quiet.told.length,
  };
}
