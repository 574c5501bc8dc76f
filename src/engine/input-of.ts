/** A request's text as its definition means it; the rules of declared fields are loaded where there are any. */
import type { Refusal } from '../errors.ts';
import type { Definition } from '../workflow/definition.ts';
import { type RunInput, readInput } from '../workflow/stages/intake.ts';

export const inputOf = async (definition: Definition, raw: string): Promise<RunInput | Refusal> =>
  definition.inputFields.size === 0
    ? readInput(raw)
    : (await import('../workflow/input-fields.ts')).inputFor(definition, raw);
