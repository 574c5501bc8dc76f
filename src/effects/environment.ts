/** The environment of a child: an allowlist. What is not named here does not reach a program we start. */
const path = process.getBuiltinModule('node:path');

export type EnvironmentOptions = {
  /** Usually process.env. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Default: OPENCLAW_ROOT of the base, else the folder the home is in. */
  readonly openclawRoot?: string;
  /** Names that the definition lists. */
  readonly names: readonly string[];
  /** WF_* of this effect; wins over everything. */
  readonly extra: Readonly<Record<string, string>>;
  /** Also OPENCLAW_*: only for programs that talk to OpenClaw, for its token is among them. */
  readonly withOpenclaw: boolean;
};

const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER'];

/** A new object without a prototype, so that no name (`__proto__`, `constructor`) is special. */
export function childEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { base } = options;
  const env: Record<string, string> = Object.create(null);
  const take = (name: string): void => {
    const value = Object.hasOwn(base, name) ? base[name] : undefined;
    if (value !== undefined) env[name] = value;
  };
  for (const name of ALWAYS) take(name);
  if (options.withOpenclaw)
    for (const name of Object.keys(base)) if (name.startsWith('OPENCLAW_')) take(name);
  for (const name of options.names) take(name);
  env.OPENCLAW_ROOT = options.openclawRoot || base.OPENCLAW_ROOT || path.dirname(options.home);
  return Object.assign(env, options.extra);
}
