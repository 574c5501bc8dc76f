/**
 * Who holds an idempotency key. A claim promises a run for the key; it is pending while that run's stream has not
 * moved past the version it was claimed at, and a pending claim is adopted, never passed over.
 */

import type { NewEvent, StoredEvent } from '../events/envelope.ts';
import type { KeyEvent } from '../events/key-events.ts';
import { keyStream } from '../events/streams.ts';
import { ConflictError } from '../log/event-store.ts';
import { type Claim, evolveKey, type KeyState, noKey } from '../projections/key-state.ts';
import type { RunState } from '../workflow/state.ts';
import { loadState } from './load-run.ts';
import type { EnginePorts } from './ports.ts';

export type KeyHolder =
  | { readonly kind: 'free' }
  /** Completed or handed off: the answer to every unforced request. */
  | { readonly kind: 'finished'; readonly claim: Claim; readonly run: RunState }
  | { readonly kind: 'pending'; readonly claim: Claim; readonly run: RunState }
  | { readonly kind: 'live'; readonly claim: Claim; readonly run: RunState };

export const streamOfKey = (ports: Pick<EnginePorts, 'sha256'>, workflowId: string, key: string): string =>
  keyStream(ports.sha256(`${workflowId}\n${key}`));

export async function readKey(ports: Pick<EnginePorts, 'store'>, stream: string): Promise<KeyState> {
  let state = noKey;
  // A key's stream holds key events only: the store has checked type and version.
  for await (const event of ports.store.read(stream))
    state = evolveKey(state, event as StoredEvent<KeyEvent> & KeyEvent);
  return state;
}

/** @param except a run whose own claims do not count (when that very run is being resumed) */
export async function holderOf(
  ports: Pick<EnginePorts, 'store'>,
  key: KeyState,
  except?: string,
): Promise<KeyHolder> {
  let live: KeyHolder = { kind: 'free' };
  const seen = new Set<string>();
  for (const claim of key.claims.toReversed()) {
    if (claim.runId === except || seen.has(claim.runId)) continue;
    seen.add(claim.runId);
    const run = await loadState(ports, claim.runId);
    if (run.version <= claim.runVersion) {
      if (live.kind === 'free') live = { kind: 'pending', claim, run };
    } else if (run.status === 'completed' || run.status === 'handed_off') {
      return { kind: 'finished', claim, run };
    } else if ((run.status === 'running' || run.status === 'waiting') && live.kind === 'free') {
      live = { kind: 'live', claim, run };
    }
  }
  return live;
}

/** Notes an answer on the key's stream, so that it can be explained later. Worth no sync, and no failure. */
export async function noteAnswer(ports: EnginePorts, stream: string, event: NewEvent): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const version = await ports.store.headOf(stream);
      await ports.store.append(stream, version, [event], { commitId: ports.newId(), durable: false });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
