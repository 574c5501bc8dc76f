/**
 * How a verb of the command line is described: data, so that the quick parser, commander's help and errors, and the
 * tests all read the same table.
 */
import type { ExitCode } from '../errors.ts';

export type OptionSpec = {
  /** Long name without dashes. */
  readonly name: string;
  /** Placeholder of its value in help; absent = a switch. */
  readonly value?: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly hidden?: boolean;
};

export type ArgumentSpec = {
  readonly name: string;
  readonly required: boolean;
  readonly variadic?: boolean;
  readonly summary: string;
};

export type HelpGroup = 'Start' | 'See' | 'Decide' | 'Build' | 'Operate' | 'hidden';

export type VerbSpec = {
  /** One or two words: `run`, `log verify`. */
  readonly name: string;
  readonly group: HelpGroup;
  readonly summary: string;
  readonly args: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Everything after the verb is handed on untouched (the seed's scripts have their own syntax). */
  readonly passThrough?: boolean;
  readonly load: () => Promise<{ readonly run: Command }>;
};

/** What a command is given: parsed words, where to print, and nothing of the process. */
export type Invocation = {
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, string | true>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The package's own folder: bundled definitions and scripts. */
  readonly packageDir: string;
  readonly io: Io;
  /** `--json`: exactly one value on stdout. */
  readonly json: boolean;
};

export type Io = {
  /** Results: stdout. */
  out(text: string): void;
  /** Progress, notices and errors: stderr. */
  err(text: string): void;
  /** A line on the terminal that stays until anything else is printed; empty = take it away. */
  passing?(text: string): void;
  /** Whether who read stdout has gone (`| head`): what only prints may stop. */
  isOutputClosed?(): boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** The whole of standard input as UTF-8. @throws {WfError} exit 2 when it is not */
  readStdin(limitBytes: number): Promise<string>;
};

export type Command = (invocation: Invocation) => Promise<ExitCode>;

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'home',
    value: 'DIR',
    summary:
      'where runs, log and definitions live (default: $WF_HOME, $OPENCLAW_ROOT/workflows, ~/.openclaw/workflows)',
  },
  { name: 'json', summary: 'print one JSON value instead of text' },
];

export const option = (invocation: Pick<Invocation, 'options'>, name: string): string | undefined => {
  const value = invocation.options.get(name);
  return typeof value === 'string' ? value : undefined;
};

export const flag = (invocation: Invocation, name: string): boolean => invocation.options.get(name) === true;

/** The n-th argument; the parser has made sure that required ones are there. */
export const argument = (invocation: Invocation, index: number): string => invocation.args[index] ?? '';
