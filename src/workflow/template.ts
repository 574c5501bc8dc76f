/**
 * Templates: `{{name}}` is replaced once by the value of that name. Values are never scanned again, so that no
 * user text can name a second value. Which names a place may use is checked when a definition is validated.
 */
import { bug, usageError } from '../errors.ts';

/** Names every template may use, beside `input.<field>`; validation narrows them by place. */
export const TEMPLATE_NAMES = [
  'workflowId',
  'runId',
  'task',
  'taskFile',
  'route',
  'risk',
  'input',
  'home',
  'artifacts',
  'brief',
  'idempotencyKey',
  'effectKey',
  'date',
] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

const KNOWN: ReadonlySet<string> = new Set(TEMPLATE_NAMES);
const FIELD_PREFIX = 'input.';

/** Values a user typed, or that contain such: never part of a command or of code. */
const USER_NAMES: ReadonlySet<string> = new Set(['task', 'input', 'brief', 'idempotencyKey']);

/** A fresh one per use: a shared regular expression with the g flag keeps its place between calls. */
const placeholder = (): RegExp => /\{\{([^{}]*)\}\}/g;

/** Field that `input.<field>` names; undefined for every other name. */
export const fieldOf = (name: string): string | undefined =>
  name.startsWith(FIELD_PREFIX) && name.length > FIELD_PREFIX.length
    ? name.slice(FIELD_PREFIX.length)
    : undefined;

export const isKnownName = (name: string): boolean => KNOWN.has(name) || fieldOf(name) !== undefined;

export const isUserName = (name: string): boolean => USER_NAMES.has(name) || name.startsWith(FIELD_PREFIX);

/** Names a template uses, in order, with repetitions; blanks around a name do not count. */
export const placeholders = (template: string): string[] =>
  !template.includes('{{')
    ? []
    : Array.from(template.matchAll(placeholder()), (match) => (match[1] ?? '').trim());

/** Fixed text and names of a template, in order; what validation looks at. */
export type TemplatePart = { readonly fixed: string } | { readonly name: string };

export const templateParts = (template: string): TemplatePart[] => {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of template.matchAll(placeholder())) {
    if (match.index > end) parts.push({ fixed: template.slice(end, match.index) });
    parts.push({ name: (match[1] ?? '').trim() });
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ fixed: template.slice(end) });
  return parts;
};

/**
 * The template with every `{{name}}` replaced. `values` holds a structured input's fields as `input.<field>`.
 * @throws {WfError} input-field-missing: the run's input has no such field; bug: any other name without a value
 */
export const expand = (template: string, values: ReadonlyMap<string, string>): string =>
  !template.includes('{{')
    ? template
    : // A replacer function: in a replacement string `$&` and the like of a value would have a meaning.
      template.replace(placeholder(), (_whole, inner: string) => {
        const name = inner.trim();
        const value = values.get(name);
        if (value !== undefined) return value;
        const field = fieldOf(name);
        if (field === undefined) throw bug(`no value for {{${name}}}`);
        throw usageError(
          'input-field-missing',
          `The definition needs {{${name}}}, which this input does not have.`,
          {
            where: `input field "${field}"`,
            hint: `Give the input as a JSON object with "task" and ${JSON.stringify(field)}.`,
          },
        );
      });
