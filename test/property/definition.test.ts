import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { CARRIED_OUT_KEYS, LATER_KEYS } from '../../src/workflow/definition-keys.ts';
import { definitionSchema } from '../../src/workflow/definition-schema.ts';
import { MAX_DURATION_MS } from '../../src/workflow/duration.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { isKnownName, placeholders } from '../../src/workflow/template.ts';
import { checkDefinition, hasErrors } from '../../src/workflow/validate-definition.ts';

const words = [...new Set([...Object.values(CARRIED_OUT_KEYS), ...Object.values(LATER_KEYS)].flat())];
const key = fc.oneof(fc.constantFrom(...words, '__proto__', 'constructor', 'toString'), fc.string());
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('30s', 'sh', '-c', '{{task}}', '{{nope}}', '--', 'command', 'manual', '{{home}}/{{runId}}'),
);
/** JSON as a file may hold it: made from text, so that `__proto__` is an own key. */
const anyJson = fc
  .letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6, withCrossShrink: true }, leaf, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }),
  }))
  .object.map((pairs): unknown => toJson(pairs as unknown));

/** Pairs become objects; a list of pairs with text keys is told from a list by its shape. */
function toJson(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (
    value.length > 0 &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string')
  ) {
    const object = {};
    for (const [name, inner] of value as [string, unknown][]) {
      Object.defineProperty(object, name, {
        value: toJson(inner),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  }
  return value.map(toJson);
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const duration = fc.constantFrom('500ms', '30s', '10m', '2h', '7d');
const name = fc.constantFrom('main', 'a', 'b', 'constructor', 'ops', 'content');
const action = fc
  .record(
    {
      dispatcher: optional(fc.constantFrom('command', 'manual', 'openclaw', 'auto')),
      command: optional(fc.constantFrom('/bin/true', 'sh')),
      args: optional(
        fc.array(fc.constantFrom('x', '--', '--t={{task}}', '{{task}}', '-c'), { maxLength: 4 }),
      ),
      timeout: optional(duration),
      retry: optional(
        fc.record({ maxAttempts: fc.integer({ min: 1, max: 20 }), backoff: duration }, { requiredKeys: [] }),
      ),
      message: optional(fc.constantFrom('{{brief}}', 'go {{input.x}}')),
    },
    { requiredKeys: [] },
  )
  .map((record): object => JSON.parse(JSON.stringify(record)));
const likely = fc
  .record(
    {
      id: fc.constantFrom('x', 'autonomous-e2e'),
      defaults: optional(
        fc.record({ assumptions: fc.array(fc.constant('A.')), timeout: duration }, { requiredKeys: [] }),
      ),
      plan: optional(fc.dictionary(name, fc.array(fc.constant('Do {{task}}.')))),
      autoConfigure: optional(
        fc.record(
          {
            enabled: fc.boolean(),
            allowlist: fc.uniqueArray(name),
            toolCommands: fc.dictionary(
              name,
              fc.record({ command: fc.constant('x'), required: fc.boolean() }),
            ),
          },
          { requiredKeys: [] },
        ),
      ),
      execute: optional(
        fc.oneof(
          action,
          fc
            .uniqueArray(name, { minLength: 1, maxLength: 4 })
            .chain((ids) =>
              fc
                .tuple(...ids.map(() => action))
                .map((actions) => ({ steps: actions.map((one, index) => ({ id: ids[index], ...one })) })),
            ),
        ),
      ),
    },
    { requiredKeys: ['id'] },
  )
  .map((record): unknown => JSON.parse(JSON.stringify(record)));

test.prop([fc.oneof(anyJson, fc.jsonValue())])('any JSON gets findings, never a crash', (raw) => {
  const findings = checkDefinition(raw, { expectedId: 'x' });
  expect(findings.every(({ message }) => message !== '')).toBe(true);
  if (!hasErrors(findings)) normaliseDefinition(raw);
});

test.prop([likely])('a definition without an error is one the engine can hold to', (raw) => {
  fc.pre(!hasErrors(checkDefinition(raw)));
  const definition = normaliseDefinition(raw);
  expect(definition.steps.length).toBeGreaterThan(0);
  for (const step of definition.steps) {
    expect(step.dispatcher === 'command').toBe(step.command !== undefined);
    expect(step.timeoutMs).toBeGreaterThan(0);
    expect(step.timeoutMs).toBeLessThanOrEqual(MAX_DURATION_MS);
    expect(step.retry.maxBackoffMs).toBeGreaterThanOrEqual(step.retry.backoffMs);
    expect([step.message, ...step.args].flatMap(placeholders).every(isKnownName)).toBe(true);
  }
  for (const { name: route } of [...definition.classify.routes, definition.classify.fallback]) {
    expect(definition.plan.has(route)).toBe(true);
  }
});

test.prop([likely])('reading with zod first changes nothing of what a definition means', (raw) => {
  fc.pre(!hasErrors(checkDefinition(raw)));
  expect(normaliseDefinition(definitionSchema.parse(raw))).toEqual(normaliseDefinition(raw));
});
