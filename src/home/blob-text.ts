/** A recorded text as files show it: whole, also where it was too long for a line. */
import { isBlobRef, type Text } from '../events/envelope.ts';
import type { HomeBlobs } from './blobs.ts';

export const blobText =
  (blobs: Pick<HomeBlobs, 'getSync'>) =>
  (text: Text): string => {
    if (!isBlobRef(text)) return text;
    const bytes = blobs.getSync(text.blob);
    return bytes === null
      ? `${text.preview}…\n[the rest is missing: blobs/${text.blob}]`
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  };
