/** The published shapes of `--json`: a program that reads them must find in the document what the verbs print. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { outputSchemas, outputsOfVerbs, publishedSchemas } from '../../src/commands/output-schemas.ts';

test('docs/output-schemas.json is what the code says (node scripts/make-output-schemas.mjs writes it)', () => {
  const file = new URL('../../docs/output-schemas.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(publishedSchemas())));
});

test('every published shape is printed by some verb', () => {
  const printed = new Set(Object.values(outputsOfVerbs).flat());
  expect(Object.keys(outputSchemas).filter((name) => !printed.has(name as never))).toEqual(['wf.error/1']);
});

test('a field that a later version adds does not make a reader refuse the value', () => {
  const text = JSON.stringify(publishedSchemas());
  expect(text).not.toContain('"additionalProperties":false');
});
