/**
 * What the world must do, as data, and what came of it. The decider asks with a {@link DispatchEffect}; the shell
 * performs it and answers with an {@link EffectResult}, which goes back to the decider inside a command.
 */
import type { Receipt } from '../events/run-events.ts';

/** One attempt of one step, fully rendered. Its intent is durable in the log before this is performed. */
export type DispatchEffect = {
  readonly effectId: string;
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  /** `wf:<runId>:<stage>.<step>:<attempt>`; WF_EFFECT_KEY of the child and the declaration key of a cron job. */
  readonly key: string;
  readonly dispatcher: 'command' | 'openclaw';
  /** Program and arguments for `command`; empty for `openclaw`. No shell is involved. */
  readonly argv: readonly string[];
  /** Agent a message goes to, for `openclaw`. */
  readonly target?: string;
  readonly route: string;
  /** The task as dispatched (with `OPS: ` on the ops route): WF_TASK and the task file. */
  readonly task: string;
  /** The rendered message, for `openclaw`. */
  readonly message: string;
  /** The run's key, as the script engine handed it on: WF_IDEMPOTENCY_KEY. */
  readonly idempotencyKey: string;
  /** Names of further environment variables the child may see. */
  readonly env: readonly string[];
  readonly timeoutMs: number;
  readonly notPerformedExitCodes: readonly number[];
  /** `dispatch` makes exit 0 a hand-over; otherwise stdout decides (one JSON object with `jobId`). */
  readonly awaits: 'auto' | 'outcome' | 'dispatch';
};

/** Output of a child, already cut at the cap and redacted. */
export type Output = { readonly stdout?: string; readonly stderr?: string; readonly truncated?: boolean };

export type EffectResult =
  | ({
      readonly result: 'confirmed';
      readonly outcome: 'done' | 'handed_off';
      readonly receipt: Receipt;
    } & Output)
  | ({
      readonly result: 'failed';
      /** false: certainly not performed (it could not be started, the receiver refused before acting). */
      readonly performed: boolean;
      /** Whether trying again unchanged can help; never true when performed. */
      readonly retryable: boolean;
      readonly error: { readonly code: string; readonly message: string };
      readonly exitCode?: number;
    } & Output)
  | ({
      readonly result: 'unknown';
      readonly reason: { readonly code: string; readonly message: string };
    } & Output);

/** What a look at the receiver says about an effect whose end nobody saw. */
export type LookupResult =
  | { readonly found: 'performed'; readonly outcome: 'done' | 'handed_off'; readonly receipt: Receipt }
  | { readonly found: 'absent' }
  | { readonly found: 'cannot-tell'; readonly reason: string };
