/** User values on the command lines of a definition's actions, as findings. Tools take no user value at all. */
import { type CommandProblem, commandProblems } from './command-safety.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { actsOf, listOf, own, textOf } from './raw-value.ts';

const findingOf = (path: DefinitionPath, found: CommandProblem): Finding => {
  const at = found.index === 0 ? [...path, 'command'] : [...path, 'args', found.index - 1];
  const { value, program } = found;
  switch (found.kind) {
    case 'program':
      return error(
        'user-value-in-command',
        at,
        `${value} is text a user typed: it must not name the program to start`,
        `Fix the program in the definition and hand ${value} over as an argument.`,
      );
    case 'code':
      return error(
        'user-value-in-code',
        at,
        `${value} is text a user typed: here ${program ?? 'the program'} would run it as code`,
        'Keep the code fixed and read the task from the environment (WF_TASK) or the file WF_TASK_FILE.',
      );
    case 'option':
      return error(
        'user-value-as-option',
        at,
        `${value} is text a user typed: beginning with "-" it would be read as an option`,
        `Put "--" before it, or write it as --name=${value}.`,
      );
    case 'operand':
      return warning(
        'user-value-as-operand',
        at,
        `${value} is handed over as an argument${program === undefined ? '' : ` of a ${program} script`}`,
        program === undefined
          ? `Should it begin with "-", some programs take it for an option: put "--" before it, or write --name=${value}.`
          : 'The script must quote it ("$1") and never evaluate it.',
      );
  }
};

export const checkCommands = (raw: unknown): Finding[] =>
  actsOf(raw).flatMap(({ action, path }) => {
    const command = textOf(own(action, 'command'));
    if (command === undefined) return [];
    // Positions must stay the file's: what is no text is refused by the schema and stands for nothing here.
    const args = listOf(own(action, 'args')).map((element) => textOf(element) ?? '');
    return commandProblems(command, args).map((found) => findingOf(path, found));
  });
