/**
 * The texts in an event's data, by its schema: a free string is a text; an id, a time, a hash, a number and a word of
 * a fixed list are not. Whatever a new event brings is covered by that rule and by nothing else.
 */
import type { z } from 'zod';
import { runEventSchemas } from './run-events.ts';

/** @param key name of the field that holds the text, or the list it stands in */
export type TextMap = (text: string, key: string) => string;

export const isRunEventType = (type: string): type is keyof typeof runEventSchemas =>
  Object.hasOwn(runEventSchemas, type);

/** @param data of an event of a run, valid, with every long text in its place */
export const mapTexts = (type: keyof typeof runEventSchemas, data: object, map: TextMap): object =>
  walk(runEventSchemas[type], data, '', map) as object;

/** As much of a schema as the walk looks at. */
type Def = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly check: string } } }[];
};

function walk(schema: z.ZodType, value: unknown, key: string, map: TextMap): unknown {
  const def = schema._zod.def as unknown as Def;
  switch (def.type) {
    case 'string':
      return typeof value !== 'string' || hasPattern(def) ? value : map(value, key);
    case 'object':
      return Object.fromEntries(
        Object.entries(value as object).map(([name, one]) => {
          const field = def.shape?.[name];
          return [name, field === undefined ? one : walk(field, one, name, map)];
        }),
      );
    case 'array':
      return (value as unknown[]).map((one) => walk(def.element as z.ZodType, one, key, map));
    case 'optional':
    case 'nullable':
      return value === null || value === undefined
        ? value
        : walk(def.innerType as z.ZodType, value, key, map);
    case 'union': {
      const chosen = def.options?.find((option) => option.safeParse(value).success);
      if (chosen === undefined) throw new Error(`${key}: the data is of no shape that its schema has`);
      return walk(chosen, value, key, map);
    }
    case 'enum':
    case 'literal':
    case 'number':
    case 'boolean':
      return value;
    default:
      throw new Error(`${key}: a schema of type ${def.type} is not known here`);
  }
}

const hasPattern = ({ checks = [] }: Def): boolean =>
  checks.some(({ _zod }) => _zod.def.check === 'string_format');
