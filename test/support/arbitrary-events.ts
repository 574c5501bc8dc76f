/**
 * Any event that the schemas allow, sensible or not: made from the schemas themselves, so that a new kind of event is
 * generated from the day it exists. Ids come from a small pool, or nothing would ever refer to anything.
 */
import fc from 'fast-check';
import { z } from 'zod';
import { eventSchemas } from '../../src/events/catalog.ts';
import { runEventSchemas } from '../../src/events/run-events.ts';

type Schema = {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
};

const POOL = ['r1.main.1', 'r1.main.2', 'A-r1', 'main', 'r1', 'w'];
const TIMES = ['2026-01-02T03:04:05.678Z', '2026-01-02T04:04:05.678Z'];
const DAYS = ['2026-01-02'];
const HASHES = ['a', 'b'].map((letter) => letter.repeat(64));

function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const any = schema.anyOf ?? schema.oneOf;
  if (any !== undefined) return fc.oneof(...any.map(arbitraryOf));
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type) => arbitraryOf({ ...schema, type })));
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {}).map(([key, value]) => [
        key,
        arbitraryOf(value),
      ]);
      return fc.record(Object.fromEntries(properties) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: [...(schema.required ?? [])],
        noNullPrototype: true,
      });
    }
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 3 });
    case 'string':
      return stringOf(schema);
    case 'integer':
    case 'number': {
      // zod writes the safe-integer bounds where a schema has none of its own: those say nothing.
      const own = schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1;
      const min = Math.max(0, own);
      return fc.integer({ min, max: Math.min(schema.maximum ?? min + 5, min + 5) });
    }
    case 'boolean':
      return fc.boolean();
    default:
      throw new Error(`no generator for ${JSON.stringify(schema)}`);
  }
}

function stringOf({ pattern, minLength = 0, maxLength = 20 }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined)
    return fc.string({
      minLength,
      maxLength: Math.max(minLength, Math.min(maxLength, 20)),
      unit: 'grapheme',
    });
  const known = [...POOL, ...TIMES, ...DAYS, ...HASHES].filter((text) => new RegExp(pattern).test(text));
  if (known.length === 0) throw new Error(`no known string matches ${pattern}`);
  return fc.constantFrom(...known);
}

const eventsOf = (
  schemas: Readonly<Record<string, z.ZodType>>,
): fc.Arbitrary<{ type: string; data: object }>[] =>
  Object.entries(schemas).map(([type, schema]) => {
    const data = arbitraryOf(z.toJSONSchema(schema, { io: 'input' }) as Schema) as fc.Arbitrary<object>;
    return data.map((value) => ({ type, data: value }));
  });

/** Of one kind. */
export const anyEventOf = (type: string): fc.Arbitrary<{ type: string; data: object }> =>
  fc.oneof(...eventsOf(Object.fromEntries(Object.entries(eventSchemas).filter(([name]) => name === type))));

export const anyEvent = fc.oneof(...eventsOf(eventSchemas));
export const anyRunEvent = fc.oneof(...eventsOf(runEventSchemas));
