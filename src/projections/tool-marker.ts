/** The bytes of `state/tools/<tool>.ok`: the time of the newest bootstrap, then one command hash per line. */
import type { ToolState } from './tool-state.ts';

/**
 * The states are those of the tool on every host that shares the home. Null = no marker: nothing was bootstrapped,
 * or it was reset.
 */
export function toolMarker(states: readonly ToolState[]): string | null {
  const entries = states.flatMap((state) => state.hashes);
  // The order of the hosts is not part of the history; time is, and the hash settles a tie.
  entries.sort((a, b) => compare(a.at, b.at) || compare(a.hash, b.hash));
  const newest = entries.at(-1);
  if (newest === undefined) return null;
  const hashes = [...new Set(entries.map((entry) => entry.hash))];
  return [newest.at, ...hashes.map((hash) => `sha256:${hash}`), ''].join('\n');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
