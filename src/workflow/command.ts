/**
 * What can be asked of a run. Commands carry everything that is not in the log and not decidable: the time, fresh
 * randomness, who asks, and what the world answered.
 */
import type { Slot, StageOutputs } from '../events/run-events.ts';
import type { Owner } from '../events/shared.ts';
import type { EffectResult } from './effects.ts';
import type { BoundFile } from './state.ts';

/** Given by the engine with every command. `now` is ISO 8601 with milliseconds. */
export type Fresh = {
  readonly now: string;
  /** Random characters; a new one for each command. */
  readonly salt: string;
};

/** What a look at files and answers came to. */
export type Verified = Pick<StageOutputs['verify'], 'checks' | 'outcome'>;

/** Commands of the run's owner: what they decide carries the epoch, and the run advances as far as it can. */
export type OwnerCommand =
  | {
      readonly type: 'Start';
      readonly runId: string;
      readonly key: string;
      readonly inputHash: string;
      readonly redactions: number;
      readonly forced: boolean;
      readonly requestedRoute?: string;
      readonly by?: string;
      readonly slot?: Slot;
      readonly owner: Owner;
    }
  | {
      readonly type: 'Continue';
      readonly owner: Owner;
      readonly by: string;
      /** A newer definition to go on with; the run is pinned to its own otherwise. */
      readonly adopt?: string;
    }
  | { readonly type: 'WithdrawTask'; readonly effectId: string; readonly owner: Owner; readonly by: string }
  | {
      readonly type: 'ToolsConfigured';
      readonly output: StageOutputs['configure_tools'];
      /** Set when a required tool could not be made ready. */
      readonly failed?: { readonly code: string; readonly message: string };
    }
  | {
      readonly type: 'BeginStep';
      readonly step: string;
      readonly nonce: string;
      /** The files a yes is bound to, as they are now; see `filesToBind`. */
      readonly files?: readonly BoundFile[];
    }
  | { readonly type: 'EffectEnded'; readonly effectId: string; readonly result: EffectResult }
  /** What a look at the files of an act in doubt came to; see `evidence.ts`. */
  | { readonly type: 'FilesLooked'; readonly effectId: string; readonly checks: Verified['checks'] }
  | ({ readonly type: 'Verified' } & Verified)
  | { readonly type: 'Analysed'; readonly output: NonNullable<StageOutputs['log']['selfImprove']> };

/** Commands of anybody: one fact, recorded and acknowledged; the run is continued by a lease of its own. */
export type OutsideCommand =
  | {
      readonly type: 'Approve';
      readonly approvalId: string;
      readonly by: string;
      /** Whether it is who owns the home. */
      readonly isOwner: boolean;
      /** A program says so; absent = typed on the terminal. */
      readonly via?: 'library';
    }
  | { readonly type: 'Reject'; readonly approvalId: string; readonly by: string; readonly reason?: string }
  | {
      readonly type: 'Report';
      /** The step it speaks of; absent = the one that waits for a report. */
      readonly step?: string;
      readonly status: 'ok' | 'error';
      readonly text?: string;
      readonly nonce?: string;
      readonly by: string;
    }
  | { readonly type: 'Resolve'; readonly verdict: 'sent' | 'not-sent'; readonly by: string }
  /** Nobody decided in time. */
  | { readonly type: 'Expire'; readonly approvalId: string }
  | { readonly type: 'Cancel'; readonly by: string; readonly reason?: string };

export type RunCommand = (OwnerCommand | OutsideCommand) & Fresh;
