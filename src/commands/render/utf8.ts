/** Whether what reads our output takes it for UTF-8, by the names that the C library goes by. */
export const isUtf8 = (env: Readonly<Record<string, string | undefined>>): boolean =>
  /utf-?8/i.test([env.LC_ALL, env.LC_CTYPE, env.LANG].find((name) => (name ?? '') !== '') ?? '');
