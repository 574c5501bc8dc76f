// Plays the session that README shows on a terminal, and writes what is printed into its `console` blocks.
// Blocks that differ by ids, times and durations alone stay as they are. Needs a build, and `script` (bsdutils).
import { readFileSync, writeFileSync } from 'node:fs';
import { playSession, recorded } from '../test/support/session.ts';

const file = new URL('../README.md', import.meta.url);
const before = readFileSync(file, 'utf8');
const after = recorded(before, playSession(before));
if (after !== before) writeFileSync(file, after);
console.log(
  after === before ? 'README shows what is printed' : 'README was written anew: look at the difference',
);
