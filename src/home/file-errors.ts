/** What the operating system says about a failed call, in a form code can branch on. */

/** `ENOENT`, `EACCES` …; undefined for anything else than an error of the system. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export const isMissing = (error: unknown): boolean => {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
};
