/**
 * How many histories the expensive properties try: few with `npm run check`, so that it stays under a minute, five
 * times as many with `npm test`. By hand: WF_PROPERTY_FACTOR=100 npx vitest run --project fast test/property
 */
const factor = Number(process.env.WF_PROPERTY_FACTOR ?? 1);

export const propertyRuns = (quick: number): number => quick * factor;
/** Time for them, on a slow machine. */
export const propertyTimeoutMs = 60_000 * Math.max(1, factor);
