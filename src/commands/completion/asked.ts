/**
 * What could stand at the cursor of a command line, by the table of verbs alone: pure, and never an error, for a
 * half-typed line is the usual one.
 */
import { GLOBAL_OPTIONS, type OptionSpec, type VerbSpec } from '../verb.ts';

/** Names that are looked up in the home, and paths, which the shell completes itself. */
export type Source =
  | 'runs'
  | 'workflows'
  | 'approvals'
  | 'tasks'
  | 'templates'
  | 'improvements'
  | 'files'
  | 'folders';

export type Candidate = { readonly value: string; readonly about: string };

export type Asked = {
  /** What is typed of it so far. */
  readonly typed: string;
  /** Stands before each value: `--status=` where that is one word with it. */
  readonly before: string;
  /** All that fit the place, whatever is typed. */
  readonly fixed: readonly Candidate[];
  readonly sources: readonly Source[];
  /** As typed after `--home`. */
  readonly home?: string;
};

/** @param words those after `wf`, the last one being typed; it may be empty */
export function whatIsAsked(words: readonly string[], verbs: readonly VerbSpec[]): Asked {
  const typed = words.at(-1) ?? '';
  const line = readBefore(words.slice(0, -1), verbs);
  const home = line.home === undefined ? {} : { home: line.home };
  const asked = (fixed: readonly Candidate[], sources: readonly Source[] = []): Asked => ({
    typed,
    before: '',
    fixed,
    sources,
    ...home,
  });
  if (line.unfinished !== undefined) return { ...asked([]), ...valuesOf(line.unfinished) };
  const options = [...GLOBAL_OPTIONS, ...(line.verb?.options ?? [])].filter(({ hidden }) => hidden !== true);
  if (!line.onlyArguments && typed.startsWith('-')) {
    const equals = typed.indexOf('=');
    if (equals === -1) return asked(options.map(flagOf));
    const named = options.find(({ name }) => typed.startsWith(`--${name}=`));
    const rest = { typed: typed.slice(equals + 1), before: typed.slice(0, equals + 1) };
    return named === undefined ? asked([]) : { ...asked([]), ...valuesOf(named), ...rest };
  }
  if (line.verb === undefined) return asked(nextWords(line.first, verbs, typed));
  const { args } = line.verb;
  const last = args.at(-1);
  const arg = args[line.given] ?? (last?.variadic === true ? last : undefined);
  return arg === undefined ? asked(options.map(flagOf)) : { ...asked([]), ...ARGUMENTS.get(arg.name) };
}

type Line = {
  readonly verb: VerbSpec | undefined;
  /** First word of verbs of two. */
  readonly first: string | undefined;
  readonly given: number;
  readonly unfinished: OptionSpec | undefined;
  readonly onlyArguments: boolean;
  readonly home: string | undefined;
};

function readBefore(words: readonly string[], verbs: readonly VerbSpec[]): Line {
  let verb: VerbSpec | undefined;
  let first: string | undefined;
  let home: string | undefined;
  let unfinished: OptionSpec | undefined;
  let onlyArguments = false;
  let given = 0;
  for (const word of words) {
    if (unfinished !== undefined) {
      if (unfinished.name === 'home') home = word;
      unfinished = undefined;
    } else if (word === '--') {
      onlyArguments = true;
    } else if (!onlyArguments && word.startsWith('--')) {
      if (word.startsWith('--home=')) home = word.slice('--home='.length);
      const known = [...GLOBAL_OPTIONS, ...(verb?.options ?? [])];
      unfinished = known.find(({ name, value }) => value !== undefined && word === `--${name}`);
    } else if (verb !== undefined) {
      given += 1;
    } else {
      const name: string = first === undefined ? word : `${first} ${word}`;
      verb = verbs.find((one) => one.name === name);
      if (verb === undefined) first = word;
    }
  }
  return { verb, first, given, unfinished, onlyArguments, home };
}

/** Verbs by their first word, or the second words of a first one. Rare ones only once something is typed. */
function nextWords(
  first: string | undefined,
  verbs: readonly VerbSpec[],
  typed: string,
): readonly Candidate[] {
  const found = new Map<string, string>();
  for (const { name, group, summary } of verbs) {
    if (name.startsWith('__')) continue;
    const [one = '', two] = name.split(' ');
    if (first !== undefined) {
      if (one === first && two !== undefined) found.set(two, summary);
    } else if (group !== 'hidden' || typed !== '') {
      const before = found.get(one);
      found.set(one, two === undefined ? summary : before === undefined ? two : `${before}, ${two}`);
    }
  }
  if (first === undefined) found.set('help', 'verbs, by what you want to do');
  return [...found].map(([value, about]) => ({ value, about }));
}

const flagOf = ({ name, summary }: OptionSpec): Candidate => ({ value: `--${name}`, about: summary });

type Values = Pick<Asked, 'fixed' | 'sources'>;

const words = (...values: string[]): readonly Candidate[] => values.map((value) => ({ value, about: '' }));
const from = (...sources: Source[]): Values => ({ fixed: [], sources });
const LAST: readonly Candidate[] = [{ value: 'last', about: 'the newest' }];
const RUNS: Values = { fixed: LAST, sources: ['runs'] };

/** By the names that the table of verbs gives them. */
const ARGUMENTS: ReadonlyMap<string, Values> = new Map([
  ['run', RUNS],
  ['a', RUNS],
  ['b', RUNS],
  ['workflow', from('workflows')],
  ['workflow-or-file', from('workflows', 'files')],
  ['workflow-or-run', { fixed: LAST, sources: ['workflows', 'runs'] }],
  ['approval', { fixed: LAST, sources: ['approvals'] }],
  ['task', { fixed: LAST, sources: ['tasks'] }],
  ['improvement', { fixed: LAST, sources: ['improvements'] }],
  ['template', from('templates')],
  ['dir', from('folders')],
  ['file', from('files')],
  ['shell', { fixed: words('bash', 'zsh', 'fish'), sources: [] }],
]);

/** By the placeholder of the value, and where that says too little by the option's name. */
function valuesOf({ name, value, choices }: OptionSpec): Values {
  if (choices !== undefined) return { fixed: words(...choices), sources: [] };
  if (name === 'workflow' || name === 'workflow-id') return from('workflows');
  switch (value) {
    case 'RUN':
      return RUNS;
    case 'FILE':
    case 'PROGRAM':
      return from('files');
    case 'DIR':
      return from('folders');
    case 'DEFINITION':
      return from('workflows', 'files');
    default:
      return from();
  }
}
