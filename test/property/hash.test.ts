/** Two SHA-256, one of them ours: a difference would make a log that another version calls corrupt. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bulkSha256, coldSha256 } from '../../src/log/hash.ts';
import { sha256Hex } from '../../src/log/sha256.ts';

const reference = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('SHA-256', () => {
  it('agrees with node:crypto for every length around the block boundaries', () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      expect(sha256Hex(bytes)).toBe(reference(bytes));
    }
  });

  it('agrees with node:crypto for any bytes and any text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(sha256Hex(bytes)).toBe(reference(bytes));
        expect(bulkSha256()(bytes)).toBe(reference(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), (text) => {
        expect(sha256Hex(text)).toBe(reference(Buffer.from(text, 'utf8')));
        expect(bulkSha256()(text)).toBe(sha256Hex(text));
      }),
    );
  });

  it('stays the same in a process that asks for many', () => {
    for (let n = 0; n < 1_000; n++) expect(coldSha256(`event ${n}`)).toBe(sha256Hex(`event ${n}`));
  });
});
