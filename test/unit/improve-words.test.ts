/** What a feedback text is understood to complain about. */
import { describe, expect, it } from 'vitest';
import { WORD_SIGNALS, type WordSignal } from '../../src/workflow/improve/phrases.ts';
import { wordSignals } from '../../src/workflow/improve/word-signals.ts';

const signals = (text: string): WordSignal[] =>
  WORD_SIGNALS.filter((signal) => wordSignals(text).has(signal));

describe('a complaint is understood', () => {
  it.each<[string, WordSignal[]]>([
    ['Needs more source links and tighter summaries', ['sources', 'too-long']],
    ['Too verbose, takes too long', ['too-long', 'slow']],
    ['no sources at all', ['sources']],
    ["there weren't enough links", ['sources']],
    ['where are the links?', ['sources']],
    ['Links are missing.', ['sources']],
    ['needs good sources', ['sources']],
    ['less wordy please', ['too-long']],
    ['It is too-long', ['too-long']],
    ['way too long to read', ['too-long']],
    ['TOO LONG!!!', ['too-long']],
    ['not concise enough', ['too-long']],
    ['more verbose please', ['too-short']],
    ['It was not long enough', ['too-short']],
    ["isn't detailed enough", ['too-short']],
    ['the second chapter is thin', ['too-short']],
    ['half of it is made up', ['wrong']],
    ["that's not correct", ['wrong']],
    ["isn't it wrong?", ['wrong']],
    ['No it is wrong', ['wrong']],
    ['not only slow but wrong', ['wrong', 'slow']],
    ['took me far too long', ['slow']],
    ['it was delivered late', ['slow']],
    ['Good, but slow', ['slow']],
    ['not wrong but too short', ['too-short']],
  ])('%s', (text, expected) => {
    expect(signals(text)).toEqual(expected);
  });
});

describe('praise and denial are not taken for a complaint', () => {
  it.each([
    'not too long',
    'no longer slow',
    "isn't wrong",
    'isn’t wrong',
    'isnt wrong',
    'never wrong',
    'nothing wrong with it',
    "I don't think it was too long",
    'please do not make it shorter',
    'without being too long',
    'not slow or late',
    'great sources',
    'the links are good',
    'too many links',
    'no more sources please',
    "we don't need more citations",
    'about an open source tool, with source code',
    '',
    '   \n',
  ])('%s', (text) => {
    expect(signals(text)).toEqual([]);
  });
});

describe('only whole words count', () => {
  it.each([
    'outsourced',
    'blinks',
    'latest',
    'slowenien',
    'wrongful',
    'resources',
    'thinking',
    'längst',
    'slowé',
    'linkś',
  ])('%s', (text) => {
    expect(signals(text)).toEqual([]);
  });

  it('words of user text that are names in JavaScript are plain words', () => {
    expect(signals('constructor __proto__ toString wrong')).toEqual(['wrong']);
  });
});
