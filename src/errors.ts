/**
 * The one error type of the program, and the exit code each kind ends with.
 * A message says what is wrong, `where` says where, `hint` says what to do next; all three reach the user.
 */

/** Process exit codes; the table in ARCHITECTURE.md explains each one. */
export const ExitCode = {
  ok: 0,
  bug: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  runFailed: 5,
  waits: 6,
  paused: 7,
  corrupt: 65,
  io: 74,
  lockTimeout: 75,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export type WfErrorOptions = {
  readonly exitCode: ExitCode;
  /** File, line, key path or id the message is about. */
  readonly where?: string;
  /** The next command or edit that helps. */
  readonly hint?: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** An expected failure that ends a command. `code` is stable: scripts may match on it. */
export class WfError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: WfErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WfError';
    this.code = code;
    this.exitCode = options.exitCode;
    this.where = options.where;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

type Rest = Omit<WfErrorOptions, 'exitCode'>;

/** Wrong arguments, input, definition or configuration (exit 2). */
export const usageError = (code: string, message: string, rest: Rest = {}): WfError =>
  new WfError(code, message, { ...rest, exitCode: ExitCode.usage });

/** Something named does not exist (exit 3). */
export const notFoundError = (code: string, message: string, rest: Rest = {}): WfError =>
  new WfError(code, message, { ...rest, exitCode: ExitCode.notFound });

/** The request contradicts what the log already holds (exit 4). */
export const conflictError = (code: string, message: string, rest: Rest = {}): WfError =>
  new WfError(code, message, { ...rest, exitCode: ExitCode.conflict });

/** The log contradicts itself where it must not (exit 65). */
export const corruptLogError = (message: string, rest: Rest = {}): WfError =>
  new WfError('log-corrupt', message, { ...rest, exitCode: ExitCode.corrupt });

/** The operating system refused (exit 74). */
export const ioError = (code: string, message: string, rest: Rest = {}): WfError =>
  new WfError(code, message, { ...rest, exitCode: ExitCode.io });

/** A broken invariant: never the user's fault. Exits 1. */
export const bug = (message: string, cause?: unknown): WfError =>
  new WfError('bug', `internal error: ${message}`, {
    exitCode: ExitCode.bug,
    hint: 'Please report it with the output of `wf doctor`.',
    ...(cause === undefined ? {} : { cause }),
  });

/** For the `default` arm of an exhaustive switch. */
export function assertNever(value: never, what: string): never {
  throw bug(`unhandled ${what}: ${JSON.stringify(value)}`);
}

/**
 * An expected "no" from the decider: returned, not thrown, because the caller may have a better answer
 * (follow the live run, say) than failing.
 */
export type Refusal = {
  readonly refused: true;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: ExitCode;
};

export const refuse = (
  code: string,
  message: string,
  hint?: string,
  exitCode: ExitCode = ExitCode.conflict,
): Refusal => ({ refused: true, code, message, exitCode, ...(hint === undefined ? {} : { hint }) });

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;

export const refusalToError = (refusal: Refusal): WfError =>
  new WfError(refusal.code, refusal.message, {
    exitCode: refusal.exitCode,
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
  });
