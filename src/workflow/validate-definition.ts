/**
 * Every check of a definition, as findings. It is total: any JSON value gets an answer, nothing throws. A definition
 * without an error here may be given to `normaliseDefinition`. Loads zod: import it only when a file is checked.
 */
import { checkCommands } from './check-commands.ts';
import { checkInput } from './check-input.ts';
import { checkPaths } from './check-paths.ts';
import { checkRules } from './check-rules.ts';
import { checkShape } from './check-shape.ts';
import { checkTemplates } from './check-templates.ts';
import { error, type Finding } from './finding.ts';
import { describeValue, own, textOf } from './raw-value.ts';

export { type DefinitionPath, type Finding, formatPath, hasErrors } from './finding.ts';

export type CheckOptions = {
  /** The file's name without `.json`: the id inside must be the same. */
  readonly expectedId?: string;
};

const checkId = (raw: unknown, expectedId: string | undefined): Finding[] => {
  const id = textOf(own(raw, 'id'));
  if (expectedId === undefined || id === undefined || id === expectedId) return [];
  return [
    error(
      'id-mismatch',
      ['id'],
      `expected "${expectedId}", which is the file's name, got ${describeValue(id)}`,
      'Rename the file, or change the id.',
    ),
  ];
};

export const checkDefinition = (raw: unknown, options: CheckOptions = {}): Finding[] => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return [
      error('shape', [], `expected an object with at least "id" and "execute", got ${describeValue(raw)}`),
    ];
  }
  return [
    ...checkShape(raw),
    ...checkId(raw, options.expectedId),
    ...checkRules(raw),
    ...checkInput(raw),
    ...checkTemplates(raw),
    ...checkCommands(raw),
    ...checkPaths(raw),
  ];
};
