/** Who types, as the login says: recorded, and no proof of anything, for a process can call itself what it likes. */
const LOGIN = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}$/;

/** Undefined where there is no name that could be shown, as in a job of cron. */
export const loginName = (env: Readonly<Record<string, string | undefined>>): string | undefined =>
  env.USER !== undefined && LOGIN.test(env.USER) ? env.USER : undefined;
