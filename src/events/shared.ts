/** Schema pieces that several event families share. zod is the source of every shape; types are inferred. */
import { z } from 'zod';

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** An id that may become a file name; unique without regard to case. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
export const id = z.string().regex(ID_PATTERN);

export const isoTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

export const count = z.int().nonnegative();

export const blobRef = z.strictObject({ blob: sha256Hex, bytes: count, preview: z.string() });

/** A string, or a reference to a blob for a long one. */
export const text = z.union([z.string(), blobRef]);

/** Random characters inside the data of an event with user text, so that a hash does not reveal a short text. */
export const salt = z.string().min(8).max(64);

export const problem = z.strictObject({ code: z.string(), message: z.string() });

/** Which process holds something; compared field by field, never trusted for safety. */
export const owner = z.strictObject({
  host: z.string(),
  bootId: z.string(),
  pid: z.int().positive(),
  pidStart: z.string(),
});
export type Owner = z.infer<typeof owner>;

/** Turns a record of schemas into the union of events it describes. */
export type EventOf<S extends Readonly<Record<string, z.ZodType<object>>>> = {
  readonly [K in keyof S & string]: { readonly type: K; readonly data: z.infer<S[K]> };
}[keyof S & string];
