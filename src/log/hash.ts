/**
 * Two SHA-256 that must agree: a small JavaScript one for short commands (loading node:crypto costs 1–4 ms), and
 * node:crypto's for bulk. A property test holds them together.
 */
import type { Sha256Hex } from './event-store.ts';
import { sha256Hex } from './sha256.ts';

/** A command needs some fifty; a process that asks for more than this will ask for many. */
const FEW_HASHES = 400;
let asked = 0;

/** Needs no load for the few dozen short lines of one command; who goes on asking is given the other one. */
export const coldSha256: Sha256Hex = (input) => {
  if (asked > FEW_HASHES) return bulkSha256()(input);
  asked++;
  return sha256Hex(input);
};

let bulk: Sha256Hex | undefined;

/** Loads node:crypto at the first call; the better one from a few hundred lines on. */
export const bulkSha256 = (): Sha256Hex => {
  if (bulk === undefined) {
    const { hash } = process.getBuiltinModule('node:crypto');
    bulk = (input) => hash('sha256', input, 'hex');
  }
  return bulk;
};
