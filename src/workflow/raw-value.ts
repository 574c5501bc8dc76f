/** Reading of unchecked JSON: own keys only (`constructor` and `__proto__` are plain names), and never a throw. */
import type { DefinitionPath } from './finding.ts';

export const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;

export const at = (value: unknown, path: DefinitionPath): unknown => {
  let current = value;
  for (const part of path) {
    current =
      typeof part === 'number' ? (Array.isArray(current) ? current[part] : undefined) : own(current, part);
  }
  return current;
};

export const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The texts of a list with their positions; whatever else is in it, the schema refuses. */
export const textsOf = (value: unknown): { readonly text: string; readonly index: number }[] =>
  listOf(value).flatMap((text, index) => (typeof text === 'string' ? [{ text, index }] : []));

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What a value is, in words, short enough for a message. */
export const describeValue = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string': {
      const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
      return `the text ${JSON.stringify(shown)}`;
    }
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return 'an object';
  }
};

/** An action of `execute` and where it stands; a single action stands at `execute` itself. */
export type ActionAt = { readonly action: unknown; readonly path: DefinitionPath };

/** Every act of the file: what execute does, the check of verify, what deliver does. */
export const actsOf = (raw: unknown): ActionAt[] => {
  const check = at(raw, ['verify', 'command']);
  const actions = listOf(at(raw, ['deliver', 'actions']));
  return [
    ...actionsOf(raw),
    ...(check === undefined ? [] : [{ action: check, path: ['verify', 'command'] }]),
    ...actions.map((action, index) => ({ action, path: ['deliver', 'actions', index] })),
  ];
};

export const actionsOf = (raw: unknown): ActionAt[] => {
  const execute = own(raw, 'execute');
  const steps = own(execute, 'steps');
  if (steps === undefined) return execute === undefined ? [] : [{ action: execute, path: ['execute'] }];
  return listOf(steps).map((action, index) => ({ action, path: ['execute', 'steps', index] }));
};
