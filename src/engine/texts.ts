/** Long texts leave events for blobs before an append, and come back when the decider needs them. */

import { ioError } from '../errors.ts';
import { type BlobRef, INLINE_LIMIT_BYTES, isBlobRef, type Text } from '../events/envelope.ts';
import type { BlobStore } from '../log/event-store.ts';
import { utf8Length } from '../workflow/stages/intake.ts';

const PREVIEW_CHARS = 200;

/** The same value with every string above the inline limit in a blob, which is on disk when this resolves. */
export async function externalise<T>(blobs: BlobStore, value: T): Promise<T> {
  return (hasLongString(value) ? await replace(blobs, value) : value) as T;
}

const isLong = (text: string): boolean =>
  // Three bytes a unit at most: most texts need no counting.
  text.length * 3 > INLINE_LIMIT_BYTES && utf8Length(text) > INLINE_LIMIT_BYTES;

function hasLongString(value: unknown): boolean {
  if (typeof value === 'string') return isLong(value);
  if (Array.isArray(value)) return value.some(hasLongString);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasLongString);
}

async function replace(blobs: BlobStore, value: unknown): Promise<unknown> {
  if (typeof value === 'string') return isLong(value) ? toBlob(blobs, value) : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => replace(blobs, item)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await replace(blobs, item)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function toBlob(blobs: BlobStore, text: string): Promise<BlobRef> {
  const bytes = new TextEncoder().encode(text);
  const blob = await blobs.put(bytes);
  return { blob, bytes: bytes.length, preview: text.slice(0, PREVIEW_CHARS).toWellFormed() };
}

/** @throws {WfError} io (74) when the blob is missing: damage of this run only */
export async function readText(blobs: BlobStore, text: Text): Promise<string> {
  if (!isBlobRef(text)) return text;
  const bytes = await blobs.get(text.blob);
  if (bytes === null) {
    throw ioError(
      'blob-missing',
      `blobs/${text.blob} is missing (${text.bytes} bytes, beginning "${text.preview.slice(0, 40)}")`,
      {
        hint: 'Restore it from a backup; other runs are not affected.',
      },
    );
  }
  return new TextDecoder().decode(bytes);
}
