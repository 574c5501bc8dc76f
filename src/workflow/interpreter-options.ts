/** Reads the options of an interpreter's command line: which elements are code, which options, where operands begin. */
import type { Interpreter } from './interpreters.ts';

export type OptionReading = {
  /** Elements that are code, or hold it behind their option. */
  readonly codes: readonly number[];
  /** Options and their values that a user value must not be part of. */
  readonly options: readonly number[];
  /** The first element that is neither. */
  readonly operand: number;
  /** A `--` stands before the operands. */
  readonly ended: boolean;
};

export const isOption = (element: string): boolean => /^[-+]./.test(element) && element !== '--';

type Meaning = 'option' | 'takes-value' | 'code-follows' | 'code-attached';

const readCluster = (letters: string, how: Interpreter): Meaning => {
  for (const [index, letter] of [...letters].entries()) {
    const rest = letters.slice(index + 1);
    if (how.codeLetters.includes(letter)) {
      // `-pe` of node announces twice; a shell's further letters are options. Anything else behind it is the code.
      const onlyLetters = [...rest].every((next) => how.codeLetters.includes(next));
      if (how.codeIs === 'first-operand') return rest.endsWith('o') ? 'takes-value' : 'code-follows';
      return onlyLetters ? 'code-follows' : 'code-attached';
    }
    if (how.valueLetters.includes(letter)) return rest === '' ? 'takes-value' : 'option';
    if (how.suffixLetters.includes(letter)) return 'option';
  }
  return 'option';
};

const readOption = (element: string, how: Interpreter): Meaning => {
  const [name = ''] = element.split('=');
  if (how.codeOptions.includes(name)) return element === name ? 'code-follows' : 'code-attached';
  if (how.valueOptions.includes(element)) return 'takes-value';
  return element.startsWith('--') ? 'option' : readCluster(element.slice(1), how);
};

/** A shell's `-ceo pipefail` announces code and takes a value: both must be seen. */
const announces = (element: string, how: Interpreter): boolean =>
  how.codeIs === 'first-operand' &&
  !element.startsWith('--') &&
  [...element.slice(1)].some((letter) => how.codeLetters.includes(letter));

export const readOptions = (line: readonly string[], from: number, how: Interpreter): OptionReading => {
  const codes: number[] = [];
  const options: number[] = [];
  let operand: number | undefined;
  let announced = false;
  let index = from;
  const result = (ended: boolean): OptionReading => {
    const first = operand ?? index;
    return announced
      ? { codes: [...codes, first], options, operand: first + 1, ended }
      : { codes, options, operand: first, ended };
  };
  if (how.codeWords.includes(line[index] ?? '')) {
    codes.push(index + 1);
    index += 2;
  }
  for (; index < line.length; index++) {
    const element = line[index] ?? '';
    if (element === '--') {
      operand ??= index + 1;
      return result(true);
    }
    if (!isOption(element)) {
      operand ??= index;
      if (how.permutes) continue;
      return result(false);
    }
    announced ||= announces(element, how);
    const meaning = readOption(element, how);
    if (meaning === 'code-attached') codes.push(index);
    else options.push(index);
    if (meaning === 'takes-value') {
      index++;
      if (!how.dataOptions.includes(element)) options.push(index);
    }
    if (meaning === 'code-follows' && how.codeIs === 'next-element') codes.push(++index);
    else if (meaning === 'code-follows' && element.startsWith('--')) announced = true;
    if (codes.length > 0 && !how.optionsAfterCode) {
      index++;
      return result(true);
    }
  }
  return result(false);
};
