/**
 * `config.json`: the user's settings, JSON with comments. Absent = defaults, at the cost of one failed open. What it
 * does not know it refuses: a mistyped safety setting must not be silently without effect.
 */
import { ioError } from '../errors.ts';
import { errorCode, isMissing } from './file-errors.ts';

const fs = process.getBuiltinModule('node:fs');

export type OpenclawConfig = {
  /** Agent that gets dispatched tasks. */
  readonly agent?: string;
  /** Where OpenClaw announces a result. */
  readonly channel?: string;
  readonly target?: string;
  /** The `openclaw` program. */
  readonly command?: string;
  /** Instead of the bundled dispatch script. */
  readonly script?: string;
};

/** A program that does one turn of work and ends: `claude -p`, `codex exec`, `openclaw agent`. */
export type AgentConfig = {
  readonly command: string;
  /** `{{brief}}`, `{{briefFile}}` and `{{timeoutSeconds}}`: the brief, the path of the file with it, the step's limit. */
  readonly args: readonly string[];
  readonly brief: 'stdin' | 'file' | 'argument';
  /** Names of environment variables it gets beside the fixed ones. */
  readonly env: readonly string[];
  readonly outputFormat: 'text' | 'json';
  /** Where in its JSON answer things stand, with dots: `usage.cost`. */
  readonly resultPath?: string;
  readonly costPath?: string;
  /** Anything there but false, null, 0 and "" means that the turn failed. */
  readonly errorPath?: string;
  readonly notPerformedExitCodes: readonly number[];
  /** Steps that leave their dispatcher open may go to it. */
  readonly auto: boolean;
};

/** Where a message goes. */
export type MessageConfig =
  | { readonly via: 'openclaw'; readonly channel: string; readonly target: string }
  /** `{{text}}` and `{{textFile}}` stand for the text; it is on standard input in any case. */
  | {
      readonly via: 'command';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: readonly string[];
    }
  /** A note on the screen of whoever is logged in here: notify-send, on macOS osascript. */
  | { readonly via: 'desktop' };

/** A watchdog outside: it is asked for again and again while a server lives, and misses it when it does not. */
export type PingConfig = { readonly url: string; readonly everyMs: number };

export type Config = {
  /** Present = the user consented to dispatch to OpenClaw. */
  readonly openclaw?: OpenclawConfig;
  /** By name. */
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly messages: ReadonlyMap<string, MessageConfig>;
  readonly ping?: PingConfig;
  /** Folders outside the home that copies of summaries may go to. */
  readonly allowedRoots: readonly string[];
  /** How many of the newest runs keep record, summary and briefs as files. */
  readonly keepRunFiles: number;
  readonly redact: {
    /** Environment variables whose values are secrets. */
    readonly env: readonly string[];
    /** Regular expressions. */
    readonly patterns: readonly string[];
  };
};

/** Runs that keep their files where config.json does not say. */
export const DEFAULT_KEPT_RUNS = 20_000;

export const defaultConfig: Config = {
  agents: new Map(),
  messages: new Map(),
  allowedRoots: [],
  keepRunFiles: DEFAULT_KEPT_RUNS,
  redact: { env: [], patterns: [] },
};

/** @throws {WfError} usage (2) with file:line:column; io (74) where it cannot be read */
export async function readConfig(file: string): Promise<Config> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return defaultConfig;
    throw ioError('config-unreadable', `config.json cannot be read (${errorCode(cause) ?? 'unknown'})`, {
      where: file,
      hint: 'Make the file readable.',
      cause,
    });
  }
  const { parseConfig } = await import('./config-schema.ts');
  return parseConfig(text, file);
}
