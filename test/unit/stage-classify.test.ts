/** classify: which route a task takes, how risky it is, and which words decided that. */
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/errors.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { classify, wordsOf } from '../../src/workflow/stages/classify.ts';
import { readInput } from '../../src/workflow/stages/intake.ts';
import { outputOf } from '../../src/workflow/state.ts';
import { command, runSpec } from '../support/run-spec.ts';

const sort = (task: string, requested?: string, raw: object = {}) => {
  const input = readInput(task);
  if (isRefusal(input)) throw new Error(input.message);
  return classify(normaliseDefinition({ id: 'x', ...raw }), input, requested);
};

describe('without a classify section', () => {
  test.each([
    ['write a blog on BIM Automation in Autodesk', 'content', 'low', ['blog', 'write']],
    ['write a blog about error handling', 'content', 'low', ['blog', 'write']],
    ['restart the gateway', 'ops', 'high', ['restart', 'gateway']],
    ['fix the post', 'ops', 'high', ['fix']],
    ['water the plants', 'general', 'low', []],
    ['postpone the prefix decision', 'general', 'low', []],
    ['POST it.', 'content', 'low', ['post']],
    ['fix-up: "debug"', 'ops', 'high', ['fix', 'debug']],
    ['blog_post', 'content', 'low', ['blog', 'post']],
    ['Bloggerin schreibt', 'general', 'low', []],
  ])('%j is %s and %s', (task, route, risk, words) => {
    expect(sort(task)).toMatchObject({ route, risk, words });
  });

  test('a dangerous word raises the risk of a harmless route, and is named', () => {
    expect(sort('write a post, then restart the server')).toEqual({
      route: 'content',
      risk: 'high',
      words: ['post', 'write'],
      highRiskWords: ['restart'],
      because: 'words',
    });
    expect(sort('wipe the table')).toMatchObject({ route: 'general', risk: 'high', because: 'fallback' });
  });

  test('a dangerous word in another field of a structured input counts too', () => {
    expect(sort('{"task":"write a post","then":"DELETE it"}')).toMatchObject({
      route: 'content',
      risk: 'high',
      highRiskWords: ['delete'],
    });
  });
});

describe('with routes of its own', () => {
  const raw = {
    classify: {
      routes: [
        { name: 'low', match: ['tie', 'grüße', 'pull request'], risk: 'low' },
        { name: 'high', match: ['tie'], risk: 'high' },
        { name: 'constructor', match: ['build'], risk: 'low' },
      ],
      highRiskWords: [],
      fallback: { name: 'rest', risk: 'high' },
    },
  };

  test('a tie goes to the higher risk, more words win over it', () => {
    expect(sort('a tie', undefined, raw)).toMatchObject({ route: 'high', risk: 'high' });
    expect(sort('a tie with Grüße', undefined, raw)).toMatchObject({
      route: 'low',
      risk: 'low',
      words: ['tie', 'grüße'],
    });
  });

  test('letters of any script make words, and several words a phrase', () => {
    expect(wordsOf('Grüße, 東京-naïve x_1')).toEqual(['grüße', '東京', 'naïve', 'x', '1']);
    expect(sort('review the Pull-Request', undefined, raw)).toMatchObject({ words: ['pull request'] });
    expect(sort('pull the requests', undefined, raw)).toMatchObject({ route: 'rest', risk: 'high' });
  });

  test('plain text has the words that the rule for all scripts finds in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        // An invisible character belongs to no word, and makes the text one of any script.
        expect(wordsOf(text)).toEqual(wordsOf(`${text}\u200B`));
      }),
    );
  });

  test('a route may have any name, and the fallback is one too', () => {
    expect(sort('build', undefined, raw)).toMatchObject({ route: 'constructor' });
    expect(sort('x', 'rest', raw)).toMatchObject({ route: 'rest', risk: 'high', because: 'requested' });
  });
});

describe('a requested route', () => {
  test('may raise the risk and never lower it', () => {
    expect(sort('water the plants', 'ops')).toMatchObject({
      route: 'ops',
      risk: 'high',
      because: 'requested',
    });
    expect(sort('restart the gateway', 'content')).toMatchObject({ route: 'content', risk: 'high' });
    expect(sort('write a post', 'general')).toMatchObject({ route: 'general', risk: 'low' });
  });

  test.each([['nope'], ['__proto__'], ['constructor'], ['']])(
    '%j, which does not exist, is refused with the known ones',
    (name) => {
      expect(sort('x', name)).toMatchObject({
        refused: true,
        code: 'route-unknown',
        exitCode: 2,
        hint: expect.stringContaining('ops, content, general'),
      });
    },
  );

  test('is kept when the run goes on', () => {
    const { given, past } = runSpec({ execute: command }, { route: 'ops' });
    expect(outputOf(given(past()).state, 'classify')).toMatchObject({ route: 'ops', risk: 'high' });
  });
});
