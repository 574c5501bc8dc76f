/** What README shows is what the program prints: its console blocks are played, in order, on a fresh machine's home. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { playSession, recorded, sameButForTheMoment } from '../support/session.ts';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the session in README', () => {
  const played = playSession(readme);

  it('has its blocks', () => {
    expect(played.length).toBeGreaterThanOrEqual(5);
  });

  it.each(played)('is what a terminal shows (else: node scripts/record-session.mjs): $command', (block) => {
    expect(sameButForTheMoment(block.printed)).toBe(sameButForTheMoment(block.shown));
  });

  it('is written anew where something else than the moment differs, and nowhere else', () => {
    expect(recorded(readme, played)).toBe(readme);
    const [first] = played;
    const stale = readme.replace(first?.shown ?? '?', 'another answer');
    const again = recorded(
      stale,
      played.map((one, i) => (i === 0 ? { ...one, shown: 'another answer' } : one)),
    );
    expect(sameButForTheMoment(again)).toBe(sameButForTheMoment(readme));
  });
});
