/**
 * The shapes that the library takes and gives, inferred from the schemas. The build writes them out as plain types
 * (scripts/library-types.ts), so that whoever uses the library needs no zod.
 */
import type { z } from 'zod';
import type { inboxItem } from '../commands/output/list-shapes.ts';
import type { run, runItem } from '../commands/output/run-shapes.ts';
import type { outputSchemas } from '../commands/output-schemas.ts';
import type { AnyEvent } from '../events/catalog.ts';
import type { definitionSchema } from '../workflow/definition-schema.ts';

type Primitive = string | number | boolean | null | undefined;
// A request's `body` is any JSON, which has no end.
type Deep<T> = T extends Primitive ? T : { readonly [K in keyof T]: K extends 'body' ? T[K] : Deep<T[K]> };

/** A definition, as its file has it. */
export type WorkflowFile = Deep<z.input<typeof definitionSchema>>;
/** A run, as `wf run --json` shows it. */
export type Run = Deep<z.output<typeof run>>;
/** A run in a list. */
export type RunItem = Deep<z.output<typeof runItem>>;
/** One run with its effects, questions, outputs and files, as `wf show --json` shows it. */
export type RunDetails = Deep<Omit<z.output<(typeof outputSchemas)['wf.show/1']>, 'schema'>>;
/** Something that waits for somebody. */
export type InboxItem = Deep<z.output<typeof inboxItem>>;
/** The data of every kind of event. A text is a string, or, when it is long, a reference with its beginning. */
export type EventData = { readonly [E in AnyEvent as E['type']]: Deep<E['data']> };
