/** What a half-typed line asks for: a TAB must offer what the parser would take at that place. */
import { describe, expect, test } from 'vitest';
import { whatIsAsked } from '../../src/commands/completion/asked.ts';
import { VERBS } from '../../src/commands/verbs.ts';

const asked = (...words: string[]) => whatIsAsked(words, VERBS);
const fixed = (...words: string[]): string[] => asked(...words).fixed.map(({ value }) => value);

describe('a line of wf', () => {
  test('begins with a verb; rare ones come once something is typed, inner ones never', () => {
    const first = fixed('');
    expect(first).toEqual(expect.arrayContaining(['run', 'show', 'init', 'feedback', 'help']));
    expect(first).not.toContain('completion');
    expect(fixed('c')).toContain('completion');
    expect([...first, ...fixed('_')].filter((word) => word.startsWith('__'))).toEqual([]);
    expect(new Set(first).size).toBe(first.length);
  });

  test('goes on with the second word of verbs that have one', () => {
    expect(fixed('log', '')).toEqual(['verify', 'backup', 'archive']);
    expect(fixed('--json', 'tools', '')).toEqual(['list', 'bootstrap', 'reset']);
  });

  test('offers the options of its verb, and those of every verb', () => {
    expect(fixed('run', '--')).toEqual(expect.arrayContaining(['--input', '--force', '--home', '--json']));
    expect(fixed('show', 'last', '-')).toEqual(['--home', '--json', '--file']);
  });

  test.each([
    [['show', ''], ['runs']],
    [['diff', 'last', ''], ['runs']],
    [['run', ''], ['workflows']],
    [
      ['definitions', 'validate', ''],
      ['workflows', 'files'],
    ],
    [
      ['graph', ''],
      ['workflows', 'runs'],
    ],
    [['approve', ''], ['approvals']],
    [['report', ''], ['tasks']],
    [['init', ''], ['templates']],
    [['log', 'backup', ''], ['folders']],
    [['events', '--run', ''], ['runs']],
    [['runs', '--workflow', ''], ['workflows']],
    [['report', 'last', '--file', ''], ['files']],
    [['--home', ''], ['folders']],
    [['show', '--', ''], ['runs']],
    [['run', 'x', '--input', ''], []],
  ])('%j asks for %j', (words, sources) => {
    expect(asked(...words).sources).toEqual(sources);
  });

  test('knows the values of an option, behind a blank and behind "="', () => {
    expect(fixed('show', 'last', '--file', '')).toEqual(['record', 'summary', 'brief']);
    expect(asked('show', '--file=su')).toMatchObject({ typed: 'su', before: '--file=', sources: [] });
    expect(asked('runs', '--workflow=a')).toMatchObject({ typed: 'a', sources: ['workflows'] });
  });

  test('is about the home that it names', () => {
    expect(asked('--home', '~/x', 'show', '').home).toBe('~/x');
    expect(asked('show', '--home=/y', '').home).toBe('/y');
    expect(asked('show', '')).not.toHaveProperty('home');
  });

  test('offers nothing where nothing is known, and never throws', () => {
    expect(asked('nosuch', '')).toMatchObject({ fixed: [], sources: [] });
    expect(asked()).toMatchObject({ typed: '' });
    expect(asked('show', '--nosuch=')).toMatchObject({ fixed: [], sources: [] });
  });
});
