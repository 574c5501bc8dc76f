/**
 * Ulids that never go backwards in one log: made under the lock from the last line's id, so that a clock that was
 * set back, or two processes in one millisecond, cannot put ids out of order.
 */
import { decodeTime, encodeTime, incrementBase32, ulid } from 'ulid';
import type { RandomBytes } from './event-store.ts';

const RANDOM_CHARS = 16;
const TIME_CHARS = 10;
const LARGEST_RANDOM = 'Z'.repeat(RANDOM_CHARS);

/** Our own randomness goes in, or the library would look for a crypto module. */
const randomChars = (random: RandomBytes): string => {
  const bytes = random(RANDOM_CHARS);
  let next = 0;
  return ulid(1, () => (bytes[next++] ?? 0) / 256).slice(TIME_CHARS);
};

/** A ulid of this moment; use for commit ids, effect ids and the like. */
export const freshUlid = (nowMs: number, random: RandomBytes): string =>
  encodeTime(nowMs) + randomChars(random);

/** When an id was made, in ms; later than the clock of then where that had been set back. */
export const eventIdTime = (id: string): number => decodeTime(id);

/** The id after `lastId`: later time, or the same time and the next number. */
export const nextEventId = (lastId: string | null, nowMs: number, random: RandomBytes): string => {
  if (lastId === null) return freshUlid(nowMs, random);
  const lastTime = decodeTime(lastId);
  if (nowMs > lastTime) return freshUlid(nowMs, random);
  const lastRandom = lastId.slice(TIME_CHARS);
  if (lastRandom === LARGEST_RANDOM) return freshUlid(lastTime + 1, random);
  return encodeTime(lastTime) + incrementBase32(lastRandom);
};
