/**
 * Where a simulated process may die, and the one that does. Every append, act, bootstrap and projection has a point
 * before and one after it; points are counted over all processes of a life, so that a crash is a number.
 */

/** The process is gone: everything it had in memory with it. */
export class Killed extends Error {}

export type Crash = {
  /** Which point of the life, from 1. */
  readonly at: number;
  /** A power cut takes along what was not yet on disk, and the children. */
  readonly power: boolean;
};

/** For a person, e.g. `after EffectIntended was recorded`. */
export type Place = string;

export class CrashPoints {
  /** What stood at each point passed. */
  readonly places: Place[] = [];
  readonly #crashes: readonly Crash[];

  constructor(crashes: readonly Crash[]) {
    this.#crashes = crashes;
  }

  /** The crash that happens here, or null. */
  pass(place: Place): Crash | null {
    this.places.push(place);
    return this.#crashes.find(({ at }) => at === this.places.length) ?? null;
  }
}
