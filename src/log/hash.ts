/**
 * Two SHA-256 that must agree: a small JavaScript one for short commands (loading node:crypto costs 1–4 ms), and
 * node:crypto's for bulk. A property test holds them together.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Sha256Hex } from './event-store.ts';

/** Needs no load; about 4 µs for a short line. */
export const coldSha256: Sha256Hex = (input) =>
  Buffer.from(sha256(typeof input === 'string' ? Buffer.from(input, 'utf8') : input)).toString('hex');

let bulk: Sha256Hex | undefined;

/** Loads node:crypto at the first call; the better one from a few hundred lines on. */
export const bulkSha256 = (): Sha256Hex => {
  if (bulk === undefined) {
    const { hash } = process.getBuiltinModule('node:crypto');
    bulk = (input) => hash('sha256', input, 'hex');
  }
  return bulk;
};
