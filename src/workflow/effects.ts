/**
 * What the world must do, as data, and what came of it. The decider asks with a {@link DispatchEffect}; the shell
 * performs it and answers with an {@link EffectResult}, which goes back to the decider inside a command.
 */
import type { DispatcherName, Receipt } from '../events/run-events.ts';
import type { HttpRequest } from './http-request.ts';

/** One attempt of one step, fully rendered. Its intent is durable in the log before this is performed. */
export type DispatchEffect = {
  readonly effectId: string;
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  /** `wf:<runId>:<stage>.<step>:<attempt>`; WF_EFFECT_KEY of the child and the declaration key of a cron job. */
  readonly key: string;
  readonly dispatcher: Exclude<DispatcherName, 'manual'>;
  /** Program and arguments for `command`; empty for all others. No shell is involved. */
  readonly argv: readonly string[];
  /** Who it goes to: an agent of `openclaw`, the name in config.json of an `agent` or of a `message`'s target. */
  readonly target?: string;
  readonly route: string;
  /** The task as dispatched (with `OPS: ` on the ops route): WF_TASK and the task file. */
  readonly task: string;
  /** The rendered message, for dispatchers that send one. */
  readonly message: string;
  readonly http?: HttpRequest;
  /** The file whose bytes are sent: absolute path, and the only content that was approved, where one was. */
  readonly sendFile?: { readonly path: string; readonly sha256?: string };
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
      readonly costUsd?: number;
      /** The receiver asked for at least this pause. */
      readonly retryAfterMs?: number;
    } & Output)
  | ({
      readonly result: 'unknown';
      readonly reason: { readonly code: string; readonly message: string };
    } & Output);

/** What a look at the receiver says about an effect whose end nobody saw. */
export type LookupResult =
  | ({
      readonly found: 'performed';
      readonly outcome: 'done' | 'handed_off';
      readonly receipt: Receipt;
    } & Output)
  | { readonly found: 'absent' }
  | { readonly found: 'cannot-tell'; readonly reason: string };
