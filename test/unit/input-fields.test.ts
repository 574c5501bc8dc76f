/** Declared input fields: what a request must give before anything is recorded. */
import { expect, test } from 'vitest';
import { inputFor } from '../../src/workflow/input-fields.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { requestKey } from '../../src/workflow/request-key.ts';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';

const fields = {
  task: { type: 'string', required: true },
  days: { type: 'number', default: 7 },
  draft: { type: 'boolean', default: false },
};
const definition = normaliseDefinition({ id: 'digest', input: { fields } });

test('a plain text is the task, and the rest has its defaults', () => {
  const input = inputFor(definition, ' digest on BIM ');
  expect(input).toMatchObject({ kind: 'text', task: 'digest on BIM' });
  expect('fields' in input && [...input.fields]).toEqual([
    ['task', 'digest on BIM'],
    ['days', '7'],
    ['draft', 'false'],
  ]);
});

test('a structured input keeps what it gives', () => {
  const input = inputFor(definition, '{"prompt":"digest","days":3,"draft":true}');
  expect('fields' in input && Object.fromEntries(input.fields)).toEqual({
    task: 'digest',
    days: '3',
    draft: 'true',
  });
});

test.each([
  ['{"task":"x","dayz":3}', 'input-field-unknown', 'Its fields: task, days, draft.'],
  ['{"task":"x","days":"soon"}', 'input-field-invalid', 'for example'],
  ['{"task":"x","draft":1}', 'input-field-invalid', 'for example'],
  ['{"days":3}', 'input-field-missing', 'for example'],
])('%s is refused before anything is recorded', (raw, code, hint) => {
  expect(inputFor(definition, raw)).toMatchObject({
    refused: true,
    code,
    exitCode: 2,
    hint: expect.stringContaining(hint),
  });
});

test('without a declaration any field may be given', () => {
  const input = inputFor(normaliseDefinition({ id: 'any' }), '{"task":"x","dayz":3}');
  expect('fields' in input && input.fields.get('dayz')).toBe('3');
});

test.each([
  [{ input: { fields: { days: { type: 'number', default: 'x' } } } }, 'input.fields.days.default'],
  [
    { input: { fields: { days: { type: 'number', required: true, default: 3 } } } },
    'input.fields.days.default',
  ],
  [{ input: { fields }, defaults: { assumptions: ['for {{input.dayz}}'] } }, 'defaults.assumptions.0'],
  [
    { input: { fields: { who: { type: 'string' } } }, defaults: { assumptions: ['{{input.who}}'] } },
    'defaults.assumptions.0',
  ],
  [{ idempotency: { key: '{{runId}}' } }, 'idempotency.key'],
  [{ idempotency: { window: '0s' } }, 'idempotency.window'],
  [{ idempotency: { window: 'daily' } }, 'idempotency.window'],
])('%j is an error where it stands', (raw, path) => {
  const findings = checkDefinition({ $schema: 'x', id: 'x', ...raw });
  expect(findings.map((finding) => [finding.severity, finding.path.join('.')])).toContainEqual([
    'error',
    path,
  ]);
});

test('the key is what the definition says makes requests the same work', () => {
  const keyed = normaliseDefinition({
    id: 'w',
    idempotency: { key: '{{workflowId}}/{{input.brand}}/{{date}}', window: '24h' },
  });
  const input = inputFor(keyed, '{"task":"post","brand":"acme"}');
  if ('refused' in input) throw new Error(input.message);
  expect(requestKey(keyed, input, '2026-11-23')).toBe('w/acme/2026-11-23');
  expect(keyed.idempotency.windowMs).toBe(86_400_000);
  expect(requestKey(normaliseDefinition({ id: 'w' }), input, '')).toBe(`w:${input.text}`);
});
