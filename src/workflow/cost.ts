/**
 * What a run has cost, as far as anybody says. A turn of an assistant that states no cost has an unknown one, which is
 * never zero: a sum with such a turn in it is "at least" what it says.
 */
import type { DispatcherName } from '../events/run-events.ts';
import type { Effect, RunState } from './state.ts';

export type Cost = {
  /** US dollars, the sum of what is known. */
  readonly usd: number;
  /** Turns whose cost nobody stated. */
  readonly unknown: number;
};

/** Whose acts are turns that somebody may have to pay for. What a program of one's own spends is nobody's business. */
export const mayCost = (dispatcher: DispatcherName): boolean =>
  dispatcher === 'agent' || dispatcher === 'openclaw';

/** US dollars; null = unknown, also while it is at work; undefined = it has no cost. */
export function costOfEffect(effect: Effect): number | null | undefined {
  const stated = effect.receipt?.costUsd ?? effect.costUsd;
  if (stated !== undefined) return stated;
  const happened = effect.status !== 'not_performed' && effect.status !== 'withdrawn';
  return happened && mayCost(effect.dispatcher) ? null : undefined;
}

export const sumOf = (costs: Iterable<number | null | undefined>): Cost => {
  let usd = 0;
  let unknown = 0;
  for (const cost of costs) {
    if (cost === null) unknown += 1;
    else usd += cost ?? 0;
  }
  return { usd, unknown };
};

export const costOf = (state: Pick<RunState, 'effects'>): Cost => sumOf(state.effects.map(costOfEffect));

/** `0.42 USD`, `at least 0.42 USD (the cost of 1 turn is not known)`, `not known (1 turn)`. */
export function costText({ usd, unknown }: Cost): string {
  const turns = `${unknown} turn${unknown === 1 ? '' : 's'}`;
  if (unknown === 0) return `${dollars(usd)} USD`;
  if (usd === 0) return `not known (${turns})`;
  return `at least ${dollars(usd)} USD (the cost of ${turns} is not known)`;
}

/** Without the dust of binary fractions. */
const dollars = (usd: number): number => Math.round(usd * 1e6) / 1e6;
