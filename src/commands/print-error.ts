/** Prints what went wrong: what, where, what to do next; with `--json` one value on stdout. */
import { ExitCode, WfError } from '../errors.ts';
import { ConflictError, TooLargeError, UnavailableError } from '../log/event-store.ts';
import { nameHome } from './program-name.ts';
import { safe } from './render/text.ts';
import type { Io } from './verb.ts';

/**
 * @param wf how hints name the program
 * @returns the exit code that goes with it
 */
export function printError(error: unknown, io: Io, json: boolean, wf: string): ExitCode {
  const known = withHome(asWfError(error), wf);
  if (json) io.out(`${JSON.stringify(errorJson(known))}\n`);
  else io.err(errorText(known));
  return known.exitCode;
}

const withHome = (error: WfError, wf: string): WfError =>
  error.hint === undefined || wf === 'wf'
    ? error
    : new WfError(error.code, error.message, {
        exitCode: error.exitCode,
        hint: nameHome(error.hint, wf),
        retryable: error.retryable,
        details: error.details,
        cause: error.cause,
        ...(error.where === undefined ? {} : { where: error.where }),
      });

export const errorJson = (error: WfError) => ({
  schema: 'wf.error/1',
  error: {
    code: error.code,
    message: error.message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    retryable: error.retryable,
    exitCode: error.exitCode,
  },
});

function errorText(error: WfError): string {
  const where =
    error.where === undefined || error.message.includes(error.where) ? '' : `  at    ${error.where}\n`;
  const hint = error.hint === undefined ? '' : `  next  ${error.hint}\n`;
  const stack =
    error.exitCode === ExitCode.bug && error.cause instanceof Error ? `${error.cause.stack ?? ''}\n` : '';
  // A message quotes what was read: a definition, an argument, a child's last words.
  return safe(`wf: ${error.message}\n${where}${hint}${stack}`);
}

export function asWfError(error: unknown): WfError {
  if (error instanceof WfError) return error;
  if (error instanceof TooLargeError) {
    return new WfError('too-large', error.message, {
      exitCode: ExitCode.usage,
      hint: 'Put the material into a file and name the file.',
    });
  }
  if (error instanceof ConflictError) {
    return new WfError('conflict', error.message, {
      exitCode: ExitCode.conflict,
      retryable: true,
      hint: 'Try again.',
    });
  }
  if (error instanceof UnavailableError) {
    return new WfError('unavailable', error.message, {
      exitCode: ExitCode.io,
      retryable: true,
      hint: 'Try again.',
    });
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    return new WfError('io', message, {
      exitCode: ExitCode.io,
      cause: error,
      hint: 'Check the disk and the permissions: wf doctor',
    });
  }
  return new WfError('bug', `internal error: ${message}`, {
    exitCode: ExitCode.bug,
    cause: error,
    hint: 'Please report it with the output of `wf doctor`.',
  });
}
