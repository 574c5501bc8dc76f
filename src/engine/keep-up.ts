/** When a command that folds nothing by itself brings the projections up to date all the same. */

/** Answers from the log append an event each and fold nothing; so many of them are read again by every command. */
const KEEP_UP_EVENTS = 16;

/**
 * @param told the last event of what is told to somebody, or 0: whoever is told of an end is told where its summary
 *   is, and a process that was killed right after that end has not written it
 */
export const isBehind = (projected: number, head: number, told: number): boolean =>
  projected < told || head - projected > KEEP_UP_EVENTS;
