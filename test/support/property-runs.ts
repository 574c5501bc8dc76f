/**
 * How many histories the expensive properties try: few with `npm run check`, so that it stays under a minute, five
 * times as many with `npm test`. By hand: WF_PROPERTY_FACTOR=100 npx vitest run --project fast test/property
 */
import fc from 'fast-check';

const factor = Number(process.env.WF_PROPERTY_FACTOR ?? 1);

export const propertyRuns = (quick: number): number => quick * factor;
/** Other histories than the first batch had, where the seed is given (test/support/property-seed.ts). */
export function nthSeed(n: number): { readonly seed?: number } {
  const { seed } = fc.readConfigureGlobal();
  return seed === undefined ? {} : { seed: seed + n };
}

/** Time for them, on a slow machine. */
export const propertyTimeoutMs = 60_000 * Math.max(1, factor);
