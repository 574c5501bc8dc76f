/** The fold of one key's stream: which runs were promised for it, oldest first. */
import type { KeyEvent } from '../events/key-events.ts';

export type Claim = {
  readonly runId: string;
  /** Version of the run's stream when claimed: the claim is pending while the stream has not moved past it. */
  readonly runVersion: number;
  readonly inputHash: string;
  readonly forced: boolean;
  /** Version of the key's stream at which it was claimed. */
  readonly version: number;
};

export type KeyState = { readonly version: number; readonly claims: readonly Claim[] };

export const noKey: KeyState = { version: 0, claims: [] };

type FoldableKeyEvent = KeyEvent & { readonly streamVersion: number };

export function evolveKey(state: KeyState, event: FoldableKeyEvent): KeyState {
  const claim = claimOf(event);
  return {
    version: event.streamVersion,
    claims: claim === null ? state.claims : [...state.claims, claim],
  };
}

/** The claim an event makes; RunReused and RunRefused claim nothing, they only count. */
export function claimOf(event: FoldableKeyEvent): Claim | null {
  switch (event.type) {
    case 'KeyClaimed': {
      const { runId, runVersion, inputHash, forced } = event.data;
      return { runId, runVersion, inputHash, forced, version: event.streamVersion };
    }
    case 'RunReused':
    case 'RunRefused':
      return null;
  }
}
