/** What became of a request, for the command that prints it and for the exit code. */
import { ExitCode } from '../errors.ts';
import { RUN_COST_LIMIT, type RunState } from '../workflow/state.ts';
import type { Told } from './ports.ts';

export type Answer = {
  readonly kind: /** This process brought the run to its end or its next stop. */
    | 'ended'
    /** Another process did, and this one looked on. */
    | 'followed'
    /** Nothing was run: the key has a finished run. */
    | 'reused'
    /** Nothing was run: the key has a live run, and the caller did not want to wait. */
    | 'live'
    /** Recorded; somebody else carries it on. */
    | 'detached';
  readonly run: RunState;
  /** Of `reused`: the definition is another one today than the answering run's, where that one is known. */
  readonly redefined?: boolean;
  /** Who was told of its stop, by this process. */
  readonly told?: readonly Told[];
};

/** 0 = the definition's own end was reached, reused or accepted; 5 = failed or cancelled; 7 = its cost; 6 = waits for somebody. */
export function exitCodeOf(answer: Answer): ExitCode {
  if (answer.kind === 'reused' || answer.kind === 'live' || answer.kind === 'detached') return ExitCode.ok;
  switch (answer.run.status) {
    case 'completed':
    case 'handed_off':
      return ExitCode.ok;
    case 'failed':
      // Nothing of the work failed: there is no more money for it.
      return answer.run.error?.code === RUN_COST_LIMIT ? ExitCode.paused : ExitCode.runFailed;
    case 'cancelled':
      return ExitCode.runFailed;
    case 'waiting':
    case 'running':
      return ExitCode.waits;
  }
}
