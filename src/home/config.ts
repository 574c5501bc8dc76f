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

export type Config = {
  /** Present = the user consented to dispatch to OpenClaw. */
  readonly openclaw?: OpenclawConfig;
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
