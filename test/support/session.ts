/**
 * The session that README shows, played on a terminal in a home of its own: each `console` block is a command and what
 * a reader would see. scripts/record-session.mjs writes README by it, test/cli/readme.test.ts compares.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { screenOf } from './screen.ts';

const root = resolve(import.meta.dirname, '../..');
const BLOCK = /```console\n\$ (wf .+)\n([\s\S]*?)```/g;
/** Alone at the end of a block it says that the rest was left out. */
const CUT = '\n…';

export type Played = {
  readonly command: string;
  /** As README has it. */
  readonly shown: string;
  /** As the terminal has it now; cut where README cuts. */
  readonly printed: string;
};

/** The blocks in order, each played after the ones before it. */
export function playSession(readme: string): readonly Played[] {
  const home = mkdtempSync(join(tmpdir(), 'wf-readme-'));
  try {
    return [...readme.matchAll(BLOCK)].map(([, command = '', output = '']) => {
      const shown = output.trim();
      return { command, shown, printed: cutAs(shown, onTerminal(command, home)) };
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** README with what was printed in the place of what it showed, where the two differ by more than a moment's. */
export function recorded(readme: string, played: readonly Played[]): string {
  let at = 0;
  return readme.replace(BLOCK, (whole, command: string) => {
    const { shown = '', printed = '' } = played[at++] ?? {};
    return sameButForTheMoment(shown) === sameButForTheMoment(printed)
      ? whole
      : `\`\`\`console\n$ ${command}\n${printed}\n\`\`\``;
  });
}

/** Ids, times and durations differ from run to run; nothing else may. */
export const sameButForTheMoment = (text: string): string =>
  text
    .replace(/[0-9A-HJKMNP-TV-Z]{26}/g, 'ID')
    .replace(/\b01[0-9A-HJKMNP-TV-Z]{10,24}\b/g, 'ID')
    .replace(/\d+(\.\d)? s\b/g, 'N s')
    .replace(/just now|\d+ seconds? ago/g, 'just now')
    .trim();

function cutAs(shown: string, printed: string): string {
  if (!shown.endsWith(CUT)) return printed;
  const lines = shown.slice(0, -CUT.length).split('\n').length;
  return `${printed.split('\n').slice(0, lines).join('\n')}${CUT}`;
}

/** On a terminal of its own, as a reader would run it; what moved on it and is gone is not shown. */
function onTerminal(command: string, home: string): string {
  const line = command.replace(/^wf /, `'${process.execPath}' '${join(root, 'dist/wf.cjs')}' `);
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      USER: 'user',
      LOGNAME: 'user',
    },
    encoding: 'utf8',
  });
  return screenOf(stdout, Number.POSITIVE_INFINITY).text.trim();
}
