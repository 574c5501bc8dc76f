/** Declared input fields against their own types, and against the templates that use them. */
import { nearest } from './did-you-mean.ts';
import { type DefinitionPath, error, type Finding } from './finding.ts';
import { at, describeValue, entriesOf, own, textOf } from './raw-value.ts';
import { fieldOf, placeholders } from './template.ts';

const checkDefaults = (fields: readonly [string, unknown][]): Finding[] =>
  fields.flatMap(([name, field]) => {
    const value = own(field, 'default');
    const type = textOf(own(field, 'type'));
    const path = ['input', 'fields', name, 'default'];
    if (value === undefined || type === undefined) return [];
    if (typeof value !== type)
      return [error('contradiction', path, `expected a ${type}, got ${describeValue(value)}`)];
    return own(field, 'required') === true
      ? [
          error(
            'contradiction',
            path,
            'a required field has no use for a default',
            'Leave one of the two out.',
          ),
        ]
      : [];
  });

/** Every text of the file that could be a template, wherever it stands. */
function* textsIn(value: unknown, path: DefinitionPath): Generator<{ text: string; path: DefinitionPath }> {
  if (typeof value === 'string') yield { text: value, path };
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* textsIn(item, [...path, index]);
  else for (const [key, item] of entriesOf(value)) yield* textsIn(item, [...path, key]);
}

export const checkInput = (raw: unknown): Finding[] => {
  const fields = entriesOf(at(raw, ['input', 'fields']));
  if (fields.length === 0) return [];
  const known = fields.map(([name]) => name);
  const unknown = [...textsIn(raw, [])].flatMap(({ text, path }) =>
    placeholders(text).flatMap((placeholder): Finding[] => {
      const name = fieldOf(placeholder);
      if (name === undefined || known.includes(name)) return [];
      const near = nearest(name, known);
      const hint = near === undefined ? `Declared: ${known.join(', ')}.` : `Did you mean {{input.${near}}}?`;
      return [error('unknown-template', path, `{{input.${name}}} is no declared field of the input`, hint)];
    }),
  );
  const optional = fields.filter(
    ([, field]) => own(field, 'required') !== true && own(field, 'default') === undefined,
  );
  const unsafe = [...textsIn(raw, [])].flatMap(({ text, path }) =>
    placeholders(text).flatMap((placeholder): Finding[] => {
      const field = optional.find(([name]) => name === fieldOf(placeholder));
      return field === undefined
        ? []
        : [
            error(
              'contradiction',
              path,
              `{{input.${field[0]}}} is used, but the field is neither required nor has it a default`,
              `Give input.fields.${field[0]} a "default", or make it "required".`,
            ),
          ];
    }),
  );
  return [...checkDefaults(fields), ...unknown, ...unsafe];
};
