/** The help: short enough to be read, whole where all is asked for, and each of its first commands is one that works. */
import { describe, expect, test } from 'vitest';
import { explainArgv } from '../../src/commands/explain-argv.ts';
import { parseArgv } from '../../src/commands/parse-argv.ts';
import type { Io } from '../../src/commands/verb.ts';
import { VERBS } from '../../src/commands/verbs.ts';

async function help(...argv: string[]): Promise<string> {
  let text = '';
  const io: Io = {
    out: (more) => {
      text += more;
    },
    err: () => undefined,
    stdoutIsTerminal: true,
    stderrIsTerminal: true,
    readStdin: async () => '',
  };
  expect(await explainArgv(argv, VERBS, io)).toBe(0);
  return text;
}
const verbsIn = (text: string): string[] =>
  [...text.matchAll(/^ {2}([a-z-]+) /gm)].map((match) => match[1] ?? '');
const names = VERBS.map(({ name }) => name).filter((name) => !name.startsWith('__'));

describe('help', () => {
  test('shows at most twenty verbs, by what a person wants, on a screen of 80 columns', async () => {
    const text = await help('help');
    const [verbs = ''] = text.split('First commands');
    const shown = verbsIn(verbs);
    expect(shown.length).toBeLessThanOrEqual(20);
    expect(new Set(shown).size).toBe(shown.length);
    for (const verb of shown) expect(names.map((name) => name.split(' ')[0])).toContain(verb);
    for (const title of ['Do', 'Look', 'Answer', 'Change', 'Keep going, repair'])
      expect(text).toContain(`\n${title}\n`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each(['tools', 'definitions', 'log', 'feedback'])(
    'wf %s alone is refused with its second words',
    async (first) => {
      const io = { out: () => undefined, err: () => undefined } as unknown as Io;
      for (const argv of [[first], [first, '--json'], ['--home', '/nowhere', first]])
        await expect(explainArgv(argv, VERBS, io)).rejects.toMatchObject({
          exitCode: 2,
          message: expect.stringMatching(new RegExp(`^wf ${first} needs a second word: \\w+, `)),
          hint: `What each does: wf ${first} --help`,
        });
    },
  );

  test('is the same however it is asked for', async () => {
    const text = await help('help');
    for (const argv of [['--help'], ['-h'], ['--home', '/x', '--help']])
      expect(await help(...argv)).toBe(text);
    expect(await help('help', 'run')).toBe(await help('run', '--help'));
    expect(await help('help', 'log', 'verify')).toBe(await help('log', 'verify', '--help'));
    expect(await help('--help', '--all')).toBe(await help('help', 'all'));
  });

  test('of all has every verb with its own words, and no inner one', async () => {
    const text = await help('help', 'all');
    for (const name of names) expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(text).not.toContain('__');
  });

  test('names as first commands what the parser takes', async () => {
    const lines = (await help('help')).split('First commands\n')[1]?.split('\n\n')[0]?.split('\n') ?? [];
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) {
      // The columns in which the command stands.
      const [wf, ...words] = line.slice(22, 55).trim().split(' ');
      expect(wf).toBe('wf');
      if (words[0] === '…') continue;
      expect(parseArgv(words, VERBS), line).not.toBeNull();
    }
  });

  test('for a verb that is not there names the nearest', async () => {
    const io = { out: () => undefined } as unknown as Io;
    await expect(explainArgv(['help', 'rnu'], VERBS, io)).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('wf run'),
    });
  });
});
