/** Turns what the operating system or SQLite answered into an error that says what to do; exit 74, nothing lost. */
import { ioError, WfError } from '../errors.ts';

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, then run the same command again.',
  EDQUOT: 'The disk quota is used up: free some space, then run the same command again.',
  EFBIG: 'The file may not grow (a file size limit): raise the limit, then run the same command again.',
  EROFS: 'The file system is read-only: use another home with --home or WF_HOME.',
  EACCES: 'Give yourself write permission, or use another home with --home or WF_HOME.',
  EPERM: 'Give yourself write permission, or use another home with --home or WF_HOME.',
  ENOTDIR: 'A part of this path is a file: use another home with --home or WF_HOME.',
  EMFILE: 'Too many open files: close some programs or raise the limit, then try again.',
};

const codeOf = (error: unknown): string => {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // SQLite: 8 = read-only, 14 = cannot open.
  if (errcode === 8 || errcode === 14) return 'EACCES';
  return typeof code === 'string' ? code : 'unknown';
};

/**
 * @param doing what failed, as in "cannot <doing>"
 * @returns the error itself where it says already what to do
 */
export const fsFailure = (error: unknown, doing: string, path: string): WfError => {
  if (error instanceof WfError) return error;
  const code = codeOf(error);
  const hint = hints[code];
  const readOnly = code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR';
  return ioError(
    readOnly ? 'home-not-writable' : 'io',
    `cannot ${doing}: ${error instanceof Error ? error.message : code}`,
    {
      where: path,
      hint: hint ?? 'Look at the disk and its permissions, then run the same command again.',
      retryable: code === 'ENOSPC' || code === 'EDQUOT' || code === 'EMFILE',
      details: { errno: code },
      cause: error,
    },
  );
};
