/**
 * The declarations of src/library/shapes.ts as plain types, made from the zod schemas: what the build publishes in
 * their place. Node 24 runs it as it stands.
 */
import { z } from 'zod';
import { inboxItem } from '../src/commands/output/list-shapes.ts';
import { run, runItem } from '../src/commands/output/run-shapes.ts';
import { outputSchemas } from '../src/commands/output-schemas.ts';
import { eventSchemas } from '../src/events/catalog.ts';
import { definitionSchema } from '../src/workflow/definition-schema.ts';

/** As much of JSON Schema as zod writes for our schemas. */
type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly description?: string;
  readonly $ref?: string;
};

const HEAD = `/** The shapes that the library takes and gives. */
/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
`;

export function shapeDeclarations(): string {
  const show = z.object((outputSchemas['wf.show/1'] as z.ZodObject).shape).omit({ schema: true });
  const event = z.object(eventSchemas);
  const shapes: readonly (readonly [string, z.ZodType, 'input' | 'output'])[] = [
    ['WorkflowFile', definitionSchema, 'input'],
    ['Run', run, 'output'],
    ['RunItem', runItem, 'output'],
    ['RunDetails', show, 'output'],
    ['InboxItem', inboxItem, 'output'],
    ['EventData', event, 'output'],
  ];
  return (
    HEAD + shapes.map(([name, schema, io]) => `export type ${name} = ${declared(schema, io)};\n`).join('')
  );
}

const declared = (schema: z.ZodType, io: 'input' | 'output'): string =>
  typeOf(z.toJSONSchema(schema, { io }) as JsonSchema, '');

function typeOf(schema: JsonSchema, indent: string): string {
  // The only shape that refers to itself.
  if (schema.$ref !== undefined) return 'Json';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return anyOf(union.map((one) => typeOf(one, indent)));
  if (typeof schema.type === 'object')
    return anyOf(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
    case 'number':
      return schema.type;
    case 'integer':
      return 'number';
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, indent)})[]`;
    case 'object':
      return objectOf(schema, indent);
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}: teach scripts/library-types.ts`);
  }
}

const anyOf = (types: readonly string[]): string => [...new Set(types)].join(' | ');

function objectOf(schema: JsonSchema, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const inner = `${indent}  `;
  const entries = Object.entries(properties);
  if (entries.length === 0 && typeof additionalProperties === 'object')
    return `{ readonly [name: string]: ${typeOf(additionalProperties, inner)} }`;
  const lines = entries.map(([name, one]) => {
    const note = one.description === undefined ? '' : `${inner}/** ${one.description} */\n`;
    const isOptional = !required.includes(name);
    const type = `${typeOf(one, inner)}${isOptional ? ' | undefined' : ''}`;
    return `${note}${inner}readonly ${name}${isOptional ? '?' : ''}: ${type};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}
