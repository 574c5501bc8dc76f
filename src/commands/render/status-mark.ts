/** One mark and one word for what a run is doing, the same on every screen. */
import type { RunStatus } from '../../workflow/state.ts';

const MARKS: Readonly<Record<RunStatus, string>> = {
  running: '▸',
  waiting: '⏸',
  handed_off: '◐',
  completed: '✓',
  failed: '✗',
  cancelled: '■',
};

const WAITS: Readonly<Record<string, string>> = {
  approval: '⏸ waits for approval',
  outcome: '◐ waits for its outcome',
  'unknown-effect': '? in doubt',
  retry: '↻ waits to try again',
};

export const statusWord = (status: RunStatus): string => status.replace('_', ' ');

/** `✓ completed`, `⏸ waits for approval`. */
export const statusText = (status: RunStatus, waitingFor: string | null): string =>
  (status === 'waiting' && waitingFor !== null ? WAITS[waitingFor] : undefined) ??
  `${MARKS[status]} ${statusWord(status)}`;
