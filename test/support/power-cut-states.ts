/** Walks through what a power cut may leave: all of it where that is few, else the extremes and a seeded sample. */
import type { CutDisk } from './power-cut-disk.ts';
import type { Choose } from './power-cut-file.ts';
import { SECTOR_BYTES } from './power-cut-file.ts';
import type { Call, Machine } from './power-cut-machine.ts';

export type Random = () => number;

/** From 0 to below 1, the same for the same seed (mulberry32). */
export const seeded = (seed: number): Random => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Builds one result for each combination of choices; beyond `limit` of them a sample of as many, and the extremes. */
export function* eachChoice<T>(build: (choose: Choose) => T, limit: number, random: Random): Generator<T> {
  const path: { pick: number; readonly of: number }[] = [];
  for (let n = 0; n < limit; n++) {
    let depth = 0;
    yield build((of) => {
      if (of <= 1) return 0;
      if (depth === path.length) path.push({ pick: 0, of });
      return path[depth++]?.pick ?? 0;
    });
    path.length = depth;
    while ((path.at(-1)?.pick ?? 0) + 1 === path.at(-1)?.of) path.pop();
    const last = path.at(-1);
    if (last === undefined) return;
    last.pick++;
  }
  yield build((of) => of - 1);
  for (let n = 0; n < limit; n++) yield build((of) => Math.floor(random() * of));
}

/** What is on a disk in the moment before a call, and how much the world had been told by then. */
export type Image<Told> = { readonly disk: CutDisk; readonly call: Call | undefined; readonly told: Told };

/** Copies the disk before every call that changes it, and once more at the end. */
export const recordImages = <Told>(
  on: Machine,
  told: () => Told,
): { readonly images: Image<Told>[]; stop(): void } => {
  const images: Image<Told>[] = [];
  const before = on.beforeCall;
  on.beforeCall = (call) => {
    if (call.changes) images.push({ disk: on.disk.copy(), call, told: told() });
    return before(call);
  };
  return {
    images,
    stop() {
      on.beforeCall = before;
      images.push({ disk: on.disk.copy(), call: undefined, told: told() });
    },
  };
};

/** The image itself, and what a cut in the middle of the write that comes next leaves in memory. */
export const partsOf = <Told>(image: Image<Told>): CutDisk[] => {
  const { writePart, bytes = 0 } = image.call ?? {};
  if (writePart === undefined) return [image.disk];
  const sizes = new Set([1, Math.floor(bytes / 2), bytes - 1].filter((n) => n > 0 && n < bytes));
  return [
    image.disk,
    ...Array.from(sizes, (n) => {
      const disk = image.disk.copy();
      writePart(disk, n);
      return disk;
    }),
  ];
};

export const BLOCKS = [SECTOR_BYTES, 8 * SECTOR_BYTES] as const;
