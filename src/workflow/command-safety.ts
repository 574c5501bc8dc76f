/**
 * Where values a user typed may stand on a command line. No shell of ours is involved, so what is left to refuse is
 * a value as program, as code of an interpreter, and as an option nobody meant (ARCHITECTURE.md, Safety).
 */
import { isOption, readOptions } from './interpreter-options.ts';
import {
  type Interpreter,
  interpreterOf,
  LOADING_NAME,
  programName,
  SHELL_WRAPPED,
  WRAPPERS,
  type Wrapper,
} from './interpreters.ts';
import { isUserName, placeholders, templateParts } from './template.ts';

export type CommandProblem = {
  readonly kind: 'program' | 'code' | 'option' | 'operand';
  /** Position on the command line; 0 is the command. */
  readonly index: number;
  /** The user value, as written: `{{task}}`. */
  readonly value: string;
  /** The program whose code it would be. */
  readonly program?: string;
};

type Line = readonly string[];
type Kind = CommandProblem['kind'];

const userValue = (element: string): string | undefined => {
  const name = placeholders(element).find(isUserName);
  return name === undefined ? undefined : `{{${name}}}`;
};

const problem = (line: Line, index: number, kind: Kind, program?: string): CommandProblem[] => {
  const value = userValue(line[index] ?? '');
  if (value === undefined) return [];
  return [{ kind, index, value, ...(program === undefined ? {} : { program }) }];
};

const problems = (line: Line, from: number, kind: Kind, program?: string): CommandProblem[] =>
  line.slice(from).flatMap((_element, offset) => problem(line, from + offset, kind, program));

/** Whether user text decides what kind of argument this is: it stands at the beginning, or right after dashes. */
const beginsWithUserValue = (element: string): boolean => {
  const [first, second] = templateParts(element);
  if (first === undefined) return false;
  if ('name' in first) return isUserName(first.name);
  const dashes = /^(?:-|--[^=]*)$/.test(first.fixed);
  return dashes && second !== undefined && 'name' in second && isUserName(second.name);
};

/**
 * Plain arguments. A value that may begin with a dash is refused as the first bare element. Behind an operand or an
 * option it is most likely read as meant (the script engine's `dispatch_task.sh {{route}} {{task}}`, `--days
 * {{input.days}}`): that is for the author to know, hence a warning.
 */
const analyseArguments = (line: Line, from: number): CommandProblem[] => {
  const found: CommandProblem[] = [];
  let operandSeen = false;
  let ended = false;
  for (let index = from; index < line.length; index++) {
    const element = line[index] ?? '';
    const runsCode = interpreterOf(element) !== undefined || programName(element) === 'env';
    if (runsCode && isOption(line[index + 1] ?? '')) {
      // A program inside another's arguments: `docker run … bash -c …`.
      return [...found, ...analyse(line, index)];
    }
    if (element === '--') ended = true;
    else if (!ended && beginsWithUserValue(element)) {
      const before = index === from ? '' : (line[index - 1] ?? '');
      const isValue = isOption(before) && !before.includes('=') && !beginsWithUserValue(before);
      found.push(
        ...problem(line, index, (operandSeen || isValue) && !isOption(element) ? 'operand' : 'option'),
      );
    } else if (!isOption(element)) operandSeen = true;
  }
  return found;
};

const analyseInterpreter = (line: Line, at: number, how: Interpreter): CommandProblem[] => {
  const program = programName(line[at] ?? '');
  const read = readOptions(line, at + 1, how);
  const found = [
    ...read.options.flatMap((index) => problem(line, index, 'option', program)),
    ...read.codes.flatMap((index) => problem(line, index, 'code', program)),
  ];
  let operand = read.operand;
  const fromFile = read.options.some((index) => how.fileOptions.includes(line[index] ?? ''));
  if (read.codes.length === 0 && !fromFile && how.operand !== 'plain') {
    found.push(...problem(line, operand, 'code', program));
    operand++;
  } else if (how.optionsAfterCode && !read.ended && beginsWithUserValue(line[operand] ?? '')) {
    found.push(...problem(line, operand, 'option', program));
    operand++;
  }
  // What the fixed code sees as `$1` and the like: harmless as long as the code does not evaluate it.
  const evaluates = read.codes.some((index) => /\beval\b/.test(line[index] ?? ''));
  const seen = new Set([...read.options, ...read.codes]);
  const rest = problems(line, operand, evaluates ? 'code' : 'operand', program);
  return [...found, ...rest.filter(({ index }) => !seen.has(index))];
};

/** `-S`, also in a cluster such as `-iS`; `--split-string`, also with `=`. */
const announcesCode = (element: string, option: string): boolean =>
  option.startsWith('--')
    ? element.split('=')[0] === option
    : /^-[A-Za-z]+/.exec(element)?.[0].includes(option.slice(1)) === true;

const analyseWrapper = (line: Line, at: number, how: Wrapper): CommandProblem[] => {
  const found: CommandProblem[] = [];
  const program = programName(line[at] ?? '');
  let operands = how.operands;
  for (let index = at + 1; index < line.length; index++) {
    const element = line[index] ?? '';
    if (how.codeOptions.some((option) => announcesCode(element, option))) {
      found.push(...problem(line, index, 'code', program));
      if (!element.includes('=')) found.push(...problem(line, ++index, 'code', program));
    } else if (isOption(element)) {
      found.push(...problem(line, index, 'option', program));
      if (how.valueOptions.includes(element)) found.push(...problem(line, ++index, 'option', program));
    } else if (how.assignments && /^[A-Za-z_][A-Za-z0-9_]*=/.test(element)) {
      if (LOADING_NAME.test(element)) found.push(...problem(line, index, 'code', program));
    } else if (element !== '--' && element !== '-') {
      if (operands === 0) return [...found, ...analyse(line, index)];
      operands--;
      found.push(...problem(line, index, 'option', program));
    }
  }
  return found;
};

const FIND_ACTIONS = ['-exec', '-execdir', '-ok', '-okdir'];

const analyseFind = (line: Line, at: number): CommandProblem[] => {
  const action = line.findIndex((element, index) => index > at && FIND_ACTIONS.includes(element));
  if (action === -1) return analyseArguments(line, at + 1);
  const ends = line.findIndex((element, index) => index > action && (element === ';' || element === '+'));
  const end = ends === -1 ? line.length : ends;
  return [
    ...analyseArguments(line.slice(0, action), at + 1),
    ...analyse(line.slice(0, end), action + 1),
    ...(end < line.length ? analyseFind(line, end) : []),
  ];
};

/** @param at index of the program; everything after it is its arguments */
const analyse = (line: Line, at: number): CommandProblem[] => {
  const element = line[at] ?? '';
  if (userValue(element) !== undefined) return problem(line, at, 'program');
  const name = programName(element);
  if (SHELL_WRAPPED.includes(name)) return problems(line, at + 1, 'code', name);
  const wraps = WRAPPERS.get(name);
  if (wraps !== undefined) return analyseWrapper(line, at, wraps);
  const interprets = interpreterOf(element);
  if (interprets !== undefined) return analyseInterpreter(line, at, interprets);
  return name === 'find' ? analyseFind(line, at) : analyseArguments(line, at + 1);
};

/** What is wrong with user values on a command line; `operand` problems are worth a warning only. */
export const commandProblems = (command: string, args: readonly string[]): CommandProblem[] =>
  analyse([command, ...args], 0);
