/** What README shows is what the program prints: its console blocks are run, in order, on a fresh machine's home. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

type Block = { readonly command: string; readonly output: string };
const blocks: readonly Block[] = [...readme.matchAll(/```console\n\$ (wf .+)\n([\s\S]*?)```/g)].map(
  (match) => ({
    command: match[1] ?? '',
    output: match[2] ?? '',
  }),
);

/** Ids, times and durations differ from run to run; nothing else may. */
const normalise = (text: string): string =>
  text
    .replaceAll('\r', '')
    .replace(/[0-9A-HJKMNP-TV-Z]{26}/g, 'ID')
    .replace(/\b01[0-9A-HJKMNP-TV-Z]{10,24}\b/g, 'ID')
    .replace(/\d+(\.\d)? s\b/g, 'N s')
    .replace(/just now|\d+ seconds? ago/g, 'just now')
    .replace(/reported ok by \S+/, 'reported ok by user')
    .trim();

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'wf-readme-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** On a terminal of its own, as a reader would run it. */
function onTerminal(command: string): string {
  const line = command.replace(/^wf /, `'${process.execPath}' '${join(root, 'dist/wf.cjs')}' `);
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: home, TERM: 'xterm' },
    encoding: 'utf8',
  });
  return stdout;
}

describe('the tour in README', () => {
  it('has its blocks', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
  });

  it.each(blocks)('prints what it shows: $command', ({ command, output }) => {
    const shown = normalise(output);
    const printed = normalise(onTerminal(command));
    // A lone ellipsis at the end says that the rest was left out.
    if (shown.endsWith('\n…')) expect(printed.startsWith(shown.slice(0, -1))).toBe(true);
    else expect(printed).toBe(shown);
  });
});
