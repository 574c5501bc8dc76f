import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { expand, placeholders, templateParts } from '../../src/workflow/template.ts';

const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '{{task}}',
    '{{ runId }}',
    '{{input.x}}',
    '$&',
    '$1',
    '$`',
    "$'",
    '$$',
    '{{',
    '}}',
    '{{{{task}}}}',
  ),
);
const field = fc.oneof(
  fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty', 'x'),
  fc.stringMatching(/^[a-zA-Z_][\w.-]{0,10}$/),
);
const fixed = fc.string().map((text) => text.replaceAll('{', '(').replaceAll('}', ')'));

test.prop([fixed, value, fixed, value, fixed])(
  'a value stands in the result exactly as it is, whatever it looks like',
  (a, task, b, runId, c) => {
    const values = new Map([
      ['task', task],
      ['runId', runId],
    ]);
    expect(expand(`${a}{{task}}${b}{{ runId }}${c}`, values)).toBe(a + task + b + runId + c);
  },
);

test.prop([field, value])('any field name is safe, also constructor and __proto__', (name, text) => {
  expect(expand(`<{{input.${name}}}>`, new Map([[`input.${name}`, text]]))).toBe(`<${text}>`);
  expect(() => expand(`{{input.${name}}}`, new Map())).toThrow(/does not have/);
});

test.prop([fc.string()])('a template without names is its own expansion', (text) => {
  fc.pre(placeholders(text).length === 0);
  expect(expand(text, new Map())).toBe(text);
});

test.prop([fc.array(fc.oneof(fixed, fc.constantFrom('{{task}}', '{{runId}}', '{{', '}}')))])(
  'the parts put together again are the template',
  (pieces) => {
    const template = pieces.join('');
    const again = templateParts(template).map((part) => ('fixed' in part ? part.fixed : `{{${part.name}}}`));
    // Blanks around a name are no part of it.
    expect(again.join('')).toBe(template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, '{{$1}}'));
  },
);
