/**
 * Runs that this server is at work on, side by side: none of them is waited for, and no run is begun twice. What one of
 * them fails with never ends the server, unless nothing can be recorded any more.
 */
import { ExitCode, WfError } from '../../errors.ts';
import type { Answer } from '../answer.ts';

/** Each is a promise and a few kilobytes; beyond that runs wait for a place. */
const MAX_AT_ONCE = 256;

export type WorkerEnd =
  | { readonly runId: string; readonly answer: Answer }
  | { readonly runId: string; readonly error: unknown };

export class Workers {
  readonly #active = new Map<string, Promise<void>>();
  readonly #onEnd: (end: WorkerEnd) => void;
  /** Nothing can be recorded any more: the log is damaged, or the disk has failed. */
  fatal: WfError | null = null;
  begun = 0;

  constructor(onEnd: (end: WorkerEnd) => void) {
    this.#onEnd = onEnd;
  }

  get isFull(): boolean {
    return this.#active.size >= MAX_AT_ONCE;
  }

  get size(): number {
    return this.#active.size;
  }

  has(runId: string): boolean {
    return this.#active.has(runId);
  }

  /**
   * Resolves with the work; nobody has to wait for it.
   * @param isTold whether whoever began it says itself how it ended
   */
  begin(runId: string, work: () => Promise<Answer>, isTold: () => boolean = () => false): Promise<void> {
    const done = work().then(
      (answer) => this.#end({ runId, answer }, isTold()),
      (error: unknown) => this.#end({ runId, error }, isTold()),
    );
    this.#active.set(runId, done);
    this.begun += 1;
    return done;
  }

  #end(end: WorkerEnd, isTold: boolean): void {
    this.#active.delete(end.runId);
    if ('error' in end && isFatal(end.error)) this.fatal ??= end.error;
    if (!isTold) this.#onEnd(end);
  }

  /** Resolves when all of them have come to a stop. */
  async settled(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active.values());
  }
}

/** A refusal that is about one run or one workflow; with everything else it is better to end than to go on. */
export const isOfOne = (error: unknown): error is WfError =>
  error instanceof WfError && error.exitCode !== ExitCode.bug && !isFatal(error);

const isFatal = (error: unknown): error is WfError =>
  error instanceof WfError && (error.exitCode === ExitCode.io || error.exitCode === ExitCode.corrupt);
