/**
 * Who holds an idempotency key. A claim promises a run for the key; it is pending while that run's stream has not
 * moved past the version it was claimed at, and a pending claim is adopted, never passed over.
 */

import type { NewEvent, StoredEvent } from '../events/envelope.ts';
import { isoTime } from '../events/iso-time.ts';
import type { KeyEvent } from '../events/key-events.ts';
import { keyStream } from '../events/streams.ts';
import { ConflictError, type Position } from '../log/event-store.ts';
import { type Claim, evolveKey, type KeyState } from '../projections/key-state.ts';
import type { RunState } from '../workflow/state.ts';
import { loadRun } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import type { PreparedRequest } from './prepare-request.ts';

export type KeyHolder =
  | { readonly kind: 'free' }
  /** Completed or handed off: the answer to every unforced request. */
  | {
      readonly kind: 'finished';
      readonly claim: Claim;
      readonly run: RunState;
      readonly position: Position | null;
    }
  | { readonly kind: 'pending'; readonly claim: Claim; readonly run: RunState }
  | { readonly kind: 'live'; readonly claim: Claim; readonly run: RunState };

export const streamOfKey = (ports: Pick<EnginePorts, 'sha256'>, workflowId: string, key: string): string =>
  keyStream(ports.sha256(`${workflowId}\n${key}`));

/** From where the index has it, so that a key that is asked for every minute for years costs what it did at first. */
export async function readKey(
  ports: Pick<EnginePorts, 'store' | 'projections'>,
  stream: string,
): Promise<KeyState> {
  let state = ports.projections.keyState(stream);
  // A key's stream holds key events only: the store has checked type and version.
  for await (const event of ports.store.read(stream, { from: state.version + 1 }))
    state = evolveKey(state, event as StoredEvent<KeyEvent> & KeyEvent);
  return state;
}

/**
 * @param except a run whose own claims do not count (when that very run is being resumed)
 * @param since ISO 8601: finished runs that were started before answer no more
 */
export async function holderOf(
  ports: Pick<EnginePorts, 'store'>,
  key: KeyState,
  { except, since = '' }: { readonly except?: string; readonly since?: string } = {},
): Promise<KeyHolder> {
  let live: KeyHolder = { kind: 'free' };
  const seen = new Set<string>();
  for (const claim of key.claims.toReversed()) {
    if (claim.runId === except || seen.has(claim.runId)) continue;
    seen.add(claim.runId);
    const { state: run, position } = await loadRun(ports, claim.runId);
    if (run.version <= claim.runVersion) {
      if (live.kind === 'free') live = { kind: 'pending', claim, run };
    } else if (run.status === 'completed' || run.status === 'handed_off') {
      if (run.createdAt < since) continue;
      return { kind: 'finished', claim, run, position };
    } else if ((run.status === 'running' || run.status === 'waiting') && live.kind === 'free') {
      live = { kind: 'live', claim, run };
    }
  }
  return live;
}

/** How far back a finished run answers this request; see `idempotency.window`. */
export function answeringSince(
  { clock }: Pick<EnginePorts, 'clock'>,
  { context }: Pick<PreparedRequest, 'context'>,
): { readonly since?: string } {
  const { windowMs } = context.definition.idempotency;
  return windowMs === null ? {} : { since: isoTime(Math.max(0, clock.now() - windowMs)) };
}

/**
 * Notes an answer on the key's stream, so that it can be explained later. Worth no sync, and no failure.
 * @param seen version of the stream that the answer was found at
 */
export async function noteAnswer(
  ports: EnginePorts,
  stream: string,
  seen: number,
  event: NewEvent,
): Promise<void> {
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      const version = attempt === 0 ? seen : await ports.store.headOf(stream);
      await ports.store.append(stream, version, [event], { commitId: ports.newId(), durable: false });
      return;
    } catch (error) {
      // The answer is true whether or not it could be noted.
      if (!(error instanceof ConflictError)) return;
    }
  }
}
