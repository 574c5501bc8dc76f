/**
 * The careful reading of a command line, by commander: help, and errors that say what was expected. Loaded only when
 * the quick parser could not read the line.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import { ExitCode, usageError, type WfError } from '../errors.ts';
import { nearest } from '../workflow/did-you-mean.ts';
import type { ParsedLine } from './parse-argv.ts';
import { shellQuoted } from './program-name.ts';
import { helpScreen } from './render/help-screen.ts';
import { GLOBAL_OPTIONS, type Io, type OptionSpec, type VerbSpec } from './verb.ts';

/** @returns the parsed line, or the exit code when help was printed. @throws {WfError} exit 2 */
export async function explainArgv(
  argv: readonly string[],
  verbs: readonly VerbSpec[],
  io: Io,
): Promise<ParsedLine | number> {
  let parsed: ParsedLine | null = null;
  const asked = helpAsked(argv);
  if (asked !== null && asked.verb.length === 0) {
    io.out(helpScreen(verbs, asked.all));
    return ExitCode.ok;
  }
  if (asked !== null) assertVerb(asked.verb, verbs);
  const program = buildProgram(verbs, io, (line) => {
    parsed = line;
  });
  try {
    await program.parseAsync(asked === null ? argv : [...asked.verb, '--help'], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.help') throw secondWordMissing(argv, verbs);
    if (error.exitCode === 0) return ExitCode.ok;
    throw explained(error, argv, verbs);
  }
  return parsed ?? 0;
}

/** A mistake in words of ours where commander's leave one who begins with nothing to type. */
function explained(error: CommanderError, argv: readonly string[], verbs: readonly VerbSpec[]): WfError {
  const verb = namedVerb(argv, verbs);
  const missing = /missing required argument '([^'.]+)/.exec(error.message)?.[1];
  if (verb !== undefined && missing !== undefined)
    return usageError('usage', `wf ${verb.name}: ${missing.toUpperCase()} is missing`, {
      hint: `${EXAMPLES[missing]?.(verb.name) ?? ''}All of it: wf ${verb.name} --help`,
    });
  const message = error.message.replace(/^error: /, '');
  // A text as a second word of `run` is its task in all likelihood.
  if (verb?.name === 'run' && error.code === 'commander.excessArguments')
    return usageError('usage', message, {
      hint: `A task is given as --input: ${taskLine(argv, verb)}. All of it: wf run --help`,
    });
  return usageError('usage', message, { hint: suggestion(argv, verbs) });
}

/** How a command line goes on that lacks its first word, by what the word is. */
const EXAMPLES: Readonly<Record<string, (verb: string) => string>> = {
  workflow: (verb) =>
    verb === 'run'
      ? 'For example: wf run autonomous-e2e --input "…". What there is: wf definitions list. '
      : '',
  run: (verb) => `For example: wf ${verb} last. What there is: wf runs. `,
  approval: (verb) => `For example: wf ${verb} last. What waits: wf inbox. `,
};

/** The line in the form that works, quoted for a shell; with options in it, it cannot be told what belongs to them. */
function taskLine(argv: readonly string[], verb: VerbSpec): string {
  const [workflow = '', ...task] = argv.slice(argv.indexOf(verb.name) + 1);
  return [workflow, ...task].some((word) => word.startsWith('-'))
    ? `wf run WORKFLOW --input "…"`
    : `wf run ${shellQuoted(workflow)} --input ${shellQuoted(task.join(' '))}`;
}

/** The verb of a line that has one, by both of its words where it has two. */
function namedVerb(argv: readonly string[], verbs: readonly VerbSpec[]): VerbSpec | undefined {
  const isBeginning = (word: string): boolean =>
    verbs.some(({ name }) => name === word || name.startsWith(`${word} `));
  const [first, second] = argv.slice(argv.findIndex(isBeginning));
  return verbs.find(({ name }) => name === `${first} ${second}`) ?? verbs.find(({ name }) => name === first);
}

/** What `wf help …`, `wf --help` or `wf VERB --help` is about; null where something is to be done. */
function helpAsked(
  argv: readonly string[],
): { readonly verb: readonly string[]; readonly all: boolean } | null {
  const [first, ...rest] = argv;
  const isWord = first === 'help';
  // Behind `--` and as a value it is a text like others; commander knows which, where a verb comes first.
  if (!isWord && first !== '--help' && first !== '-h') return null;
  const words = rest.filter((word) => !word.startsWith('-'));
  const all = rest.includes('--all') || words[0] === 'all';
  return { verb: words[0] === 'all' ? [] : words, all };
}

/** @throws {WfError} usage (2) */
function assertVerb(words: readonly string[], verbs: readonly VerbSpec[]): void {
  const name = words.join(' ');
  if (verbs.some((verb) => verb.name === name || verb.name.startsWith(`${name} `))) return;
  throw usageError('usage', `there is no verb ${JSON.stringify(name)}`, { hint: suggestion(words, verbs) });
}

/** The first word alone, of verbs that have two: their help went nowhere, and a script would have taken it for done. */
function secondWordMissing(argv: readonly string[], verbs: readonly VerbSpec[]): WfError {
  const first = argv.find((word) => verbs.some(({ name }) => name.startsWith(`${word} `))) ?? '';
  const seconds = verbs.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.split(' ')[1]] : []));
  return usageError('usage', `wf ${first} needs a second word: ${seconds.join(', ')}`, {
    hint: `What each does: wf ${first} --help`,
  });
}

function suggestion(argv: readonly string[], verbs: readonly VerbSpec[]): string {
  const word = argv.find((candidate) => !candidate.startsWith('-')) ?? '';
  const visible = verbs.filter((verb) => !verb.name.startsWith('__'));
  const known = visible.find((verb) => verb.name === word || verb.name.startsWith(`${word} `));
  if (known !== undefined) return `See: wf ${known.name.split(' ')[0]} --help`;
  const near = nearest(word, [...new Set(visible.map((verb) => verb.name.split(' ')[0] ?? ''))]);
  return near === undefined ? 'See: wf help' : `Did you mean: wf ${near}? All verbs: wf help all`;
}

function buildProgram(verbs: readonly VerbSpec[], io: Io, found: (line: ParsedLine) => void): Command {
  const program = new Command('wf')
    .description(
      'Staged workflows for unattended assistants: done once, nothing lost, risky work asked first.',
    )
    .usage('[verb] [options]        (without a verb: what is going on)')
    .helpOption('-h, --help', 'show this help')
    .version(__WF_VERSION__, '-v, --version')
    .addHelpCommand(false)
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: () => undefined,
      outputError: () => undefined,
    })
    .showSuggestionAfterError(true)
    .exitOverride();
  // `wf --home DIR --help`: the same screen from wherever it is asked for.
  program.helpInformation = () => helpScreen(verbs, false);
  addOptions(program, GLOBAL_OPTIONS);
  const parents = new Map<string, Command>();
  for (const verb of verbs) {
    if (verb.name.startsWith('__')) continue;
    const [first = '', second] = verb.name.split(' ');
    let parent = program;
    if (second !== undefined) {
      parent = parents.get(first) ?? addParent(program, verbs, first);
      parents.set(first, parent);
    }
    const command = parent
      .command(second ?? first)
      .description(verb.summary)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => io.out(text),
        writeErr: () => undefined,
        outputError: () => undefined,
      });
    addOptions(command, [...verb.options, ...GLOBAL_OPTIONS]);
    for (const arg of verb.args) {
      const shape = `${arg.name}${arg.variadic === true ? '...' : ''}`;
      command.addArgument(new Argument(arg.required ? `<${shape}>` : `[${shape}]`, arg.summary));
    }
    command.action(() => {
      const values = { ...program.opts(), ...command.opts() } as Record<string, string | true>;
      const options = new Map(
        [...GLOBAL_OPTIONS, ...verb.options].flatMap((spec) => {
          const value = values[camel(spec.name)];
          return value === undefined ? [] : [[spec.name, value] as const];
        }),
      );
      found({ verb, args: command.args, options });
    });
  }
  program.action(() => {
    if (program.args.length > 0) program.error(`error: unknown verb '${program.args[0]}'`);
    const status = verbs.find((verb) => verb.name === 'status');
    if (status !== undefined)
      found({
        verb: status,
        args: [],
        options: new Map(Object.entries(program.opts()) as [string, string | true][]),
      });
  });
  program.argument('[verb...]').allowExcessArguments(true);
  return program;
}

function addParent(program: Command, verbs: readonly VerbSpec[], name: string): Command {
  const children = verbs
    .filter((verb) => verb.name.startsWith(`${name} `))
    .map((verb) => verb.name.split(' ')[1]);
  return program.command(name).description(children.join(', ')).addHelpCommand(false).exitOverride();
}

function addOptions(command: Command, options: readonly OptionSpec[]): void {
  for (const spec of options) {
    const option = new Option(
      `--${spec.name}${spec.value === undefined ? '' : ` <${spec.value}>`}`,
      spec.summary,
    );
    // Commander takes "--no-web" for the opposite of a "--web" that there is not; here it is a switch like others.
    option.negate = false;
    if (spec.choices !== undefined) option.choices([...spec.choices]);
    if (spec.hidden === true) option.hideHelp();
    command.addOption(option);
  }
}

const camel = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
