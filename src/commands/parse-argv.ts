/**
 * The quick parser: reads a well-formed command line by the verb table. Anything else (help, an unknown flag, a
 * missing argument) is left to commander, which costs more and explains better; a property test holds the two
 * against each other.
 */
import { GLOBAL_OPTIONS, type OptionSpec, type VerbSpec } from './verb.ts';

export type ParsedLine = {
  readonly verb: VerbSpec;
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, string | true>;
};

/** @returns null when the line is not plainly well-formed */
export function parseArgv(argv: readonly string[], verbs: readonly VerbSpec[]): ParsedLine | null {
  const options = new Map<string, string | true>();
  let at = takeOptions(argv, 0, GLOBAL_OPTIONS, options);
  const found = at === null ? null : findVerb(argv, at, verbs);
  if (at === null || found === null) return null;
  const { verb } = found;
  at += found.words;
  if (verb.passThrough === true) return { verb, args: argv.slice(at), options };
  const known = [...GLOBAL_OPTIONS, ...verb.options];
  const args: string[] = [];
  while (at < argv.length) {
    const word = argv[at] ?? '';
    if (word === '--') {
      args.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith('-') && word !== '-') {
      const next = takeOptions(argv, at, known, options);
      if (next === null) return null;
      at = next;
    } else {
      args.push(word);
      at += 1;
    }
  }
  return argumentsFit(verb, args) ? { verb, args, options } : null;
}

function findVerb(
  argv: readonly string[],
  at: number,
  verbs: readonly VerbSpec[],
): { verb: VerbSpec; words: number } | null {
  const one = argv[at];
  if (one === undefined) {
    const bare = verbs.find((verb) => verb.name === 'status');
    return bare === undefined ? null : { verb: bare, words: 0 };
  }
  const two = `${one} ${argv[at + 1] ?? ''}`;
  const byTwo = verbs.find((verb) => verb.name === two);
  if (byTwo !== undefined) return { verb: byTwo, words: 2 };
  const byOne = verbs.find((verb) => verb.name === one);
  return byOne === undefined ? null : { verb: byOne, words: 1 };
}

/** Reads options from `at` on; answers where the first other word stands, or null for one that is not known. */
function takeOptions(
  argv: readonly string[],
  at: number,
  known: readonly OptionSpec[],
  into: Map<string, string | true>,
): number | null {
  let position = at;
  for (;;) {
    const word = argv[position];
    if (word === undefined || !word.startsWith('--') || word === '--') {
      return word?.startsWith('-') === true && word !== '-' && word !== '--' ? null : position;
    }
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    const spec = known.find((candidate) => candidate.name === name);
    if (spec === undefined) return null;
    if (spec.value === undefined) {
      if (equals !== -1) return null;
      into.set(name, true);
      position += 1;
    } else {
      // A value may begin with dashes: `--input "--verbose is broken"` is a task, not a flag.
      const value = equals === -1 ? argv[position + 1] : word.slice(equals + 1);
      if (value === undefined || (spec.choices !== undefined && !spec.choices.includes(value))) return null;
      into.set(name, value);
      position += equals === -1 ? 2 : 1;
    }
  }
}

function argumentsFit(verb: VerbSpec, args: readonly string[]): boolean {
  const required = verb.args.filter((arg) => arg.required).length;
  const variadic = verb.args.some((arg) => arg.variadic === true);
  return args.length >= required && (variadic || args.length <= verb.args.length);
}
