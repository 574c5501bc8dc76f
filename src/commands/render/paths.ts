/** Paths as people read them: `~` for the own home folder. JSON always carries the absolute path. */

export const tilde = (path: string, env: Readonly<Record<string, string | undefined>>): string => {
  const home = env.HOME;
  return home !== undefined && home.length > 1 && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}`
    : path;
};

/** A recorded path (relative to the home unless config allowed another root) as an absolute one. */
export const absolute = (home: string, recorded: string): string =>
  recorded.startsWith('/') ? recorded : `${home}/${recorded}`;
