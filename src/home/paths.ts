/** Where everything in a home stands. Pure string work: nothing is touched here. */
import { usageError } from '../errors.ts';

const path = process.getBuiltinModule('node:path');

export type HomePaths = {
  /** Absolute. */
  readonly home: string;
  readonly logs: string;
  readonly log: string;
  readonly state: string;
  readonly runs: string;
  readonly tools: string;
  readonly indexJson: string;
  readonly indexDb: string;
  readonly foreign: string;
  readonly outbox: string;
  readonly tasks: string;
  readonly definitions: string;
  readonly config: string;
  readonly artifacts: string;
  readonly blobs: string;
  readonly scratch: string;
};

export function homePaths(home: string): HomePaths {
  const at = (relative: string): string => `${home}/${relative}`;
  return {
    home,
    logs: at('logs'),
    log: at('logs/events.jsonl'),
    state: at('state'),
    runs: at('state/runs'),
    tools: at('state/tools'),
    indexJson: at('state/index.json'),
    indexDb: at('state/index.db'),
    foreign: at('state/foreign'),
    outbox: at('outbox'),
    tasks: at('tasks'),
    definitions: at('definitions'),
    config: at('config.json'),
    artifacts: at('artifacts'),
    blobs: at('blobs'),
    scratch: at('run'),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {WfError} home-invalid (2): every screen and every command it suggests names the home */
function printable(home: string): string {
  // Most homes by far; the classes below cost a cold start more.
  if (/^[ -~]*$/.test(home) || !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(home)) return home;
  throw usageError('home-invalid', `the name of the home has control characters: ${JSON.stringify(home)}`, {
    where: '--home, WF_HOME or OPENCLAW_ROOT',
    hint: 'Name a folder that can be printed.',
  });
}

/** `--home`, else `$WF_HOME`, else `$OPENCLAW_ROOT/workflows`, else `~/.openclaw/workflows`; absolute. */
export const resolveHome = (from: HomeNames): string => printable(homeOf(from));

type HomeNames = { readonly flag?: string | undefined; readonly env: Environment };

function homeOf(from: HomeNames): string {
  const { flag, env } = from;
  if (flag !== undefined && flag !== '') return absolute(flag, env);
  if (env.WF_HOME !== undefined && env.WF_HOME !== '') return absolute(env.WF_HOME, env);
  return path.join(resolveOpenclawRoot(env), 'workflows');
}

/** `$OPENCLAW_ROOT`, else `~/.openclaw`. */
export const resolveOpenclawRoot = (env: Environment): string =>
  absolute(
    env.OPENCLAW_ROOT !== undefined && env.OPENCLAW_ROOT !== '' ? env.OPENCLAW_ROOT : '~/.openclaw',
    env,
  );

function absolute(given: string, env: Environment): string {
  if (given === '~' || given.startsWith('~/')) return path.join(userHome(env), given.slice(1));
  return path.resolve(given);
}

const userHome = (env: Environment): string =>
  env.HOME !== undefined && env.HOME !== '' ? env.HOME : process.getBuiltinModule('node:os').homedir();
