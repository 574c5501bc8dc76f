/**
 * The fields a definition declares for its input: checked before anything is recorded, defaults filled in. A plain
 * text is the field `task`. Without a declaration any field may be given, as the templates need them.
 */
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Definition, InputField } from './definition.ts';
import { type RunInput, readInput } from './stages/intake.ts';

/** A request's text read as this definition means it. The same text and definition always give the same input. */
export function inputFor(definition: Definition, raw: string): RunInput | Refusal {
  const input = readInput(raw);
  return isRefusal(input) || definition.inputFields.size === 0 ? input : withFields(definition, input);
}

function withFields(definition: Definition, input: RunInput): RunInput | Refusal {
  const declared = definition.inputFields;
  const fields = new Map<string, string>();
  for (const [name, value] of input.fields) {
    const field = declared.get(name);
    // `prompt` and `message` are other names of the task, in files of every age.
    if (field === undefined && value.trim() === input.task) continue;
    if (field === undefined) {
      const hint = `Its fields: ${[...declared.keys()].join(', ')}.`;
      return refuse(
        'input-field-unknown',
        `workflow ${definition.id} has no input field ${JSON.stringify(name)}`,
        hint,
        2,
      );
    }
    if (!fits(field, value)) {
      const message = `the input field ${JSON.stringify(name)} must be a ${field.type}, got ${JSON.stringify(value.slice(0, 40))}`;
      return refuse('input-field-invalid', message, exampleOf(definition), 2);
    }
    fields.set(name, value);
  }
  if (declared.has('task') && !looksLikeFields(input)) fields.set('task', input.task);
  for (const [name, { default: value }] of declared)
    if (!fields.has(name) && value !== undefined) fields.set(name, value);
  const missing = [...declared]
    .filter(([name, field]) => field.required && !fields.has(name))
    .map(([name]) => name);
  if (missing.length === 0) return { ...input, fields };
  const message = `workflow ${definition.id} needs input fields that are not given: ${missing.join(', ')}`;
  return refuse('input-field-missing', message, exampleOf(definition), 2);
}

/** A JSON object without a task is read as plain text elsewhere; where fields are declared it is a forgotten task. */
const looksLikeFields = (input: RunInput): boolean => input.kind === 'text' && input.text.startsWith('{"');

const fits = ({ type }: InputField, value: string): boolean => {
  switch (type) {
    case 'string':
      return true;
    case 'number':
      return value.trim() !== '' && Number.isFinite(Number(value));
    case 'boolean':
      return value === 'true' || value === 'false';
  }
};

const EXAMPLES: Readonly<Record<InputField['type'], unknown>> = { string: '…', number: 7, boolean: true };

const exampleOf = (definition: Definition): string => {
  const example = Object.fromEntries(
    [...definition.inputFields].map(([name, field]) => [
      name,
      name === 'task' ? 'what is to be done' : EXAMPLES[field.type],
    ]),
  );
  return `Give the input as JSON, for example: --input '${JSON.stringify(example)}'`;
};
