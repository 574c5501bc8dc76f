/** What both of the script engine's command lines share: their argument syntax, and errors as pretty JSON, exit 1. */
import { ExitCode, usageError, type WfError } from '../errors.ts';
import { asWfError } from './print-error.ts';
import { nameHome, programName } from './program-name.ts';
import type { Invocation } from './verb.ts';

type Syntax = {
  readonly usage: string;
  readonly values: readonly string[];
  readonly switches: readonly string[];
};

export const compatUsage = (message: string, usage: string): WfError =>
  usageError('usage', message, { hint: `usage: ${usage}` });

/**
 * The untouched words after the hidden verb, read; on stderr nothing is said any more but the final error.
 * A value may begin with dashes: `--input "--verbose is broken"` is a task, not a flag.
 */
export function readCompatArgs(invocation: Invocation, { usage, values, switches }: Syntax): Invocation {
  const args: string[] = [];
  const options = new Map(invocation.options);
  const words = invocation.args;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      args.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('--')) {
      args.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    if (switches.includes(name) && equals === -1) options.set(name, true);
    else if (values.includes(name)) {
      const value = equals === -1 ? words[++at] : word.slice(equals + 1);
      if (value === undefined) throw compatUsage(`--${name} needs a value`, usage);
      options.set(name, value);
    } else throw compatUsage(`unknown option ${JSON.stringify(word)}`, usage);
  }
  if ([...options.values()].some((value) => value !== true && value.includes('\uFFFD'))) {
    throw compatUsage('an argument is not valid UTF-8', usage);
  }
  return { ...invocation, args, options, io: { ...invocation.io, err: quietUntil(invocation) } };
}

/** Notices (a repaired log, a rebuilt index) are for people; who reads this JSON is a program. */
const quietUntil =
  ({ io }: Invocation): ((text: string) => void) =>
  (text) => {
    if (!text.startsWith('note: ')) io.err(text);
  };

export function printCompatError(error: unknown, invocation: Invocation, extra: object = {}): ExitCode {
  const known = asWfError(error);
  const { code, message, where, hint } = known;
  // For whoever mends the program; a caller of the scripts is not shown it unasked.
  const stack = invocation.env.WF_DEBUG && known.exitCode === ExitCode.bug ? stackOf(error) : undefined;
  const view = {
    ...extra,
    error: {
      code,
      message,
      ...(where === undefined ? {} : { where }),
      ...(hint === undefined ? {} : { hint: nameHome(hint, programName(invocation)) }),
      ...(stack === undefined ? {} : { stack }),
    },
  };
  invocation.io.err(`${JSON.stringify(view, null, 2)}\n`);
  return ExitCode.bug;
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.cause instanceof Error ? `${error.stack}\ncaused by ${error.cause.stack}` : error.stack;
}
