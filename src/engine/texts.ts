/** Long texts leave events for blobs before an append, and come back when the decider needs them. */

import { ioError } from '../errors.ts';
import { type BlobRef, INLINE_LIMIT_BYTES, isBlobRef, type Text } from '../events/envelope.ts';
import type { BlobStore } from '../log/event-store.ts';
import { utf8Length } from '../workflow/stages/intake.ts';

const PREVIEW_CHARS = 200;

/** Keys of event data that may hold a reference instead of the text itself (`text` in the schemas). */
const TEXT_KEYS: ReadonlySet<string> = new Set([
  'input',
  'task',
  'preview',
  'stdout',
  'stderr',
  'text',
  'body',
  'output',
]);
/** Only inside `covers` is a message a text; an error's message is a short string of ours. */
const isTextKey = (key: string, parent: string): boolean =>
  TEXT_KEYS.has(key) || (key === 'message' && parent === 'covers');

/** Where several texts that fit by themselves would not fit on one line together. */
const CROWDED_BYTES = 128 * 1024;
const CROWDED_LIMIT_BYTES = 1024;

/** The same value with every long text in a blob, which is on disk when this resolves. */
export async function externalise<T>(blobs: BlobStore, value: T): Promise<T> {
  // A limit of a line: each event of a list has its own.
  if (Array.isArray(value)) return (await Promise.all(value.map((item) => externalise(blobs, item)))) as T;
  const bytes = textBytes(value, '', '');
  if (bytes <= INLINE_LIMIT_BYTES) return value;
  const limit = bytes > CROWDED_BYTES ? CROWDED_LIMIT_BYTES : INLINE_LIMIT_BYTES;
  return (await replace(blobs, value, '', '', limit)) as T;
}

/** At most the bytes of all texts together; most values need no counting. */
function textBytes(value: unknown, key: string, parent: string): number {
  if (typeof value === 'string') return isTextKey(key, parent) ? value.length * 3 : 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + textBytes(item, key, key), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, item]) => sum + textBytes(item, name, parent), 0);
}

async function replace(
  blobs: BlobStore,
  value: unknown,
  key: string,
  parent: string,
  limit: number,
): Promise<unknown> {
  if (typeof value === 'string') {
    return isTextKey(key, parent) && utf8Length(value) > limit ? toBlob(blobs, value) : value;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => replace(blobs, item, key, key, limit)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([name, item]) => [name, await replace(blobs, item, name, parent, limit)] as const,
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
