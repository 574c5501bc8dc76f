/** What others wrote is shown as it is: nothing hidden, nothing turned round, nothing a terminal obeys. */
import { describe, expect, test } from 'vitest';
import { nameHome, programName, shellQuoted } from '../../src/commands/program-name.ts';
import { exact, oneLine, safe } from '../../src/commands/render/text.ts';

describe('text of somebody else', () => {
  test.each([
    ['turned round', 'rm \u202egpj.exe', 'rm \\u{202e}gpj.exe'],
    ['of no width', 'pay\u200bpal\u2060', 'pay\\u{200b}pal\\u{2060}'],
    ['in tags', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['on a line of its own', 'a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['half a character', 'a\ud83db', 'a\\u{d83d}b'],
    ['a letter nobody sees', 'a\u3164b', 'a\\u{3164}b'],
  ])('that is %s shows its hidden characters by number', (_what, text, shown) => {
    expect(safe(text)).toBe(shown);
    expect(exact(text)).toBe(shown);
    expect(oneLine(text, 200)).toBe(shown);
  });

  test('keeps what people write: letters of any script, emoji, lines and tabs', () => {
    const text = 'Grüße\t日本語 ❤️ 👍🏽\nשלום';
    expect(safe(text)).toBe(text);
    expect(exact(text)).toBe(text);
  });

  test('cannot steer the terminal; where a person agrees to it, even that is shown', () => {
    expect(safe('a\u001b[2Jb\rc\u009bd')).toBe('a[2Jbcd');
    expect(exact('a\u001b[2Jb\rc')).toBe('a\\u{1b}[2Jb\\u{d}c');
  });
});

describe('the next command', () => {
  const env = { HOME: '/home/me' };
  const named = (home: string): string => programName({ options: new Map([['home', home]]), env });

  test('names the home that this command line named, and no home where it named none', () => {
    expect(programName({ options: new Map(), env })).toBe('wf');
    expect(named('/srv/wf')).toBe('wf --home /srv/wf');
    expect(named('~/my flows')).toBe("wf --home '/home/me/my flows'");
    expect(named("/it's")).toBe("wf --home '/it'\\''s'");
  });

  test.each(['$(reboot)', 'a;b', 'a b', '~', '*', '`x`', 'a\nb'])('quotes %j for a shell', (word) => {
    expect(shellQuoted(word)).toBe(`'${word}'`);
  });

  test('in a hint is found only where it is one of our verbs', () => {
    const wf = 'wf --home /h';
    expect(nameHome('Look: wf show X. Or: `wf feedback list`', wf)).toBe(
      'Look: wf --home /h show X. Or: `wf --home /h feedback list`',
    );
    for (const other of ['Stop every wf process', '/opt/wf run', 'See: wf --help', 'x-wf run']) {
      expect(nameHome(other, wf)).toBe(other);
    }
    expect(nameHome('wf show X', 'wf')).toBe('wf show X');
  });
});
