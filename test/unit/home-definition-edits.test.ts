/** Changes of a definition's text: what a person wrote around them stays. */
import { describe, expect, it } from 'vitest';
import type { ImprovementChange } from '../../src/events/workflow-events.ts';
import { editDefinition, revertEdits } from '../../src/home/definition-edits.ts';

const add = (sentence: string): ImprovementChange => ({
  kind: 'add-assumption',
  catalogueId: 'cite-sources',
  sentence,
});
const set = (path: (string | number)[], value: string | number): ImprovementChange => ({
  kind: 'set-value',
  catalogueId: 'raise-attempts',
  path,
  value,
});
const attempts = set(['defaults', 'retry', 'maxAttempts'], 4);

const COMMENTED = `{
  // the id is the file's name
  "id": "a",
  "defaults": {          // for every step
    "assumptions": [
      "One.",   // why one
      "Two."    /* why, two */ // and more
    ],
    "retry": { "maxAttempts": 3,   "backoff": "30s" }
  },
  "execute": { "command":   "/bin/true" } // end
}
`;

describe('edit', () => {
  it('adds a line, changes a number and touches nothing else', async () => {
    expect(await editDefinition(COMMENTED, [add('New.'), attempts])).toBe(
      COMMENTED.replace(
        '"Two."    /* why, two */ // and more',
        '"Two.",    /* why, two */ // and more\n      "New."',
      ).replace('"maxAttempts": 3,', '"maxAttempts": 4,'),
    );
  });

  it.each([
    ['{"id":"a"}', '{"id":"a", "defaults": { "assumptions": ["New."] }}'],
    ['{"id":"a","defaults":{}}', '{"id":"a","defaults":{"assumptions": ["New."]}}'],
    ['{"defaults":{"assumptions":[]}}', '{"defaults":{"assumptions":["New."]}}'],
    ['{"defaults":{"assumptions":["a"]}}', '{"defaults":{"assumptions":["a", "New."]}}'],
    ['{"defaults":{"assumptions":["New."]}}', '{"defaults":{"assumptions":["New."]}}'],
    ['{"defaults":{"assumptions":[ // none\n]}}', '{"defaults":{"assumptions":["New." // none\n]}}'],
    [
      '{"defaults":{"assumptions":[\n  "a, // b",\n]}}',
      '{"defaults":{"assumptions":[\n  "a, // b",\n  "New.",\n]}}',
    ],
    [
      '{\r\n\t"id": "a"\r\n}',
      '{\r\n\t"id": "a",\r\n\t"defaults": {\r\n\t\t"assumptions": [\r\n\t\t\t"New."\r\n\t\t]\r\n\t}\r\n}',
    ],
    ['\uFEFF{"defaults":{"assumptions":["a"]}}', '\uFEFF{"defaults":{"assumptions":["a", "New."]}}'],
  ])('%j', async (before, after) => {
    expect(await editDefinition(before, [add('New.')])).toBe(after);
  });

  it('a number that stood nowhere is written with the objects around it', async () => {
    expect(JSON.parse(await editDefinition('{"id":"a"}', [attempts]))).toEqual({
      id: 'a',
      defaults: { retry: { maxAttempts: 4 } },
    });
  });

  it.each([
    ['a step that is not there', '{"execute":{"steps":[]}}', set(['execute', 'steps', 1, 'timeout'], '1h')],
    ['a list where an object belongs', '{"defaults":[]}', attempts],
    ['assumptions that are a text', '{"defaults":{"assumptions":"x"}}', add('New.')],
    ['a file that is a list', '[]', add('New.')],
    [
      'a key that stands twice, of which the last counts',
      '{"defaults":{"retry":{"maxAttempts":1}},"defaults":{"retry":{"maxAttempts":2}}}',
      attempts,
    ],
  ])('%s is refused', async (_what, text, change) => {
    await expect(editDefinition(text, [change])).rejects.toMatchObject({ code: 'definition-not-editable' });
  });
});

describe('revert', () => {
  it('gives the same bytes back when nothing else happened', async () => {
    const changes = [add('New.'), attempts];
    expect(await revertEdits(await editDefinition(COMMENTED, changes), changes, COMMENTED)).toBe(COMMENTED);
  });

  it('leaves what a person did since', async () => {
    const changes = [add('New.'), attempts];
    const edited = await editDefinition(COMMENTED, changes);
    const byHand = (text: string): string =>
      text.replace('"One."', '"Other."').replace('// end', '// the end');
    expect(await revertEdits(byHand(edited), changes, COMMENTED)).toBe(byHand(COMMENTED));
  });

  it('takes a sentence out from between others, with its own line', async () => {
    const edited = await editDefinition(COMMENTED, [add('New.')]);
    const byHand = edited.replace('"New."', '"New.",\n      "Mine."');
    expect(await revertEdits(byHand, [add('New.')], COMMENTED)).toBe(byHand.replace('      "New.",\n', ''));
  });

  it('takes objects with it that it had to write, unless something else is in them now', async () => {
    const before = '{\n  "id": "a"\n}\n';
    const changes = [add('New.'), attempts];
    const edited = await editDefinition(before, changes);
    const renamed = edited.replace('"a"', '"b"');
    expect(await revertEdits(renamed, changes, before)).toBe(before.replace('"a"', '"b"'));
    const filled = edited.replace('"New."', '"New.", "Mine."');
    const reverted = await revertEdits(filled, changes, before);
    expect(JSON.parse(String(reverted))).toEqual({ id: 'a', defaults: { assumptions: ['Mine.'] } });
  });

  it.each([
    ['["New.", "a"]', '["a"]'],
    ['["a", "New.", "b"]', '["a", "b"]'],
    ['["a", "New."]', '["a"]'],
    ['["a" , "New." ]', '["a"  ]'],
    ['["New." /* mine */, "a"]', '[ /* mine */ "a"]'],
    ['["a", "New." // mine\n]', '["a" // mine\n]'],
  ])('%s becomes %s', async (list, expected) => {
    const text = (inner: string): string => `{"defaults":{"assumptions":${inner}}}`;
    expect(await revertEdits(text(list), [add('New.')], text('[]'))).toBe(text(expected));
  });

  it('a number that somebody has set since is left, and a sentence that stood before is not ours', async () => {
    const edited = await editDefinition(COMMENTED, [add('New.'), attempts]);
    const byHand = edited.replace('"maxAttempts": 4', '"maxAttempts": 1');
    expect(await revertEdits(byHand, [add('New.'), attempts], COMMENTED)).toBe(
      COMMENTED.replace('"maxAttempts": 3', '"maxAttempts": 1'),
    );
    expect(await revertEdits(byHand, [add('One.')], COMMENTED)).toEqual({ conflict: expect.any(String) });
  });

  it('another step that stands in the same place since is left alone', async () => {
    const before = '{"execute":{"steps":[{"id":"x","timeout":"1m"},{"id":"y","timeout":"2m"}]}}';
    const change = set(['execute', 'steps', 0, 'timeout'], '2m');
    const swapped = '{"execute":{"steps":[{"id":"y","timeout":"2m"},{"id":"x","timeout":"2m"}]}}';
    expect(await revertEdits(swapped, [change], before)).toEqual({ conflict: expect.any(String) });
  });
});
