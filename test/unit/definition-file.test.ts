import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  decodeDefinition,
  definitionError,
  locate,
  parseDefinitionText,
} from '../../src/home/definition-file.ts';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';

const parse = async (text: string): Promise<unknown> => (await parseDefinitionText(text, 'd.json')).raw;

describe('reading', () => {
  test('plain JSON, comments and a BOM are read', async () => {
    expect(await parse('{"id":"x"}')).toEqual({ id: 'x' });
    expect(await parse('\uFEFF{"id":"x"}')).toEqual({ id: 'x' });
    expect(await parse('\uFEFF{ // why\n "id": "x" /* so */, "n": [1, null, true] }')).toEqual({
      id: 'x',
      n: [1, null, true],
    });
  });

  test('with comments __proto__ is a plain key too', async () => {
    const raw = (await parse('{ /* c */ "__proto__": { "command": "x" } }')) as { command?: string };
    expect(Object.keys(raw)).toEqual(['__proto__']);
    expect(raw.command).toBeUndefined();
  });

  test.each([
    ['{\n  "id": "x"\n  "a": 1\n}', 'd.json:3:3', 'a "," is expected'],
    ['{"id": x}', 'd.json:1:8', 'an unknown word'],
    ['{"id": "x",}', 'd.json:1:12', 'a key in double quotes is expected'],
    ['{"id": "x"', 'd.json:1:11', 'a "}" is expected'],
    ['{"id": "x"} {}', 'd.json:1:13', 'nothing is expected after the end'],
    ['{"id": "x\n"}', 'd.json:1:8', 'a text is not closed'],
    ['', 'd.json:1:1', 'the file is empty'],
    [' \n', 'd.json', 'the file is empty'],
  ])('%j is refused at its line and column', async (text, where, what) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: 'definition-syntax',
      exitCode: 2,
      where: expect.stringContaining(where),
      message: expect.stringContaining(what),
    });
  });

  test('bytes that are no UTF-8 are refused instead of guessed', () => {
    expect(() => decodeDefinition(Uint8Array.of(0x22, 0xff, 0x22), 'd.json')).toThrow(
      expect.objectContaining({ code: 'definition-encoding', exitCode: 2, where: 'd.json' }),
    );
    expect(decodeDefinition(new TextEncoder().encode('"ü"'), 'd.json')).toBe('"ü"');
  });
});

describe('places', () => {
  const text = '{\n  "id": "x",\n  "execute": {\n    "args": ["a",\n      "b"]\n  }\n}';

  test('a key is found at its line, an entry of a list at its own', async () => {
    expect(await locate(text, ['execute', 'args'])).toEqual({ line: 4, column: 5 });
    expect(await locate(text, ['execute', 'args', 1])).toEqual({ line: 5, column: 7 });
  });

  test('what is missing is placed at what should hold it', async () => {
    expect(await locate(text, ['execute', 'command'])).toEqual({ line: 3, column: 3 });
    expect(await locate(text, ['plan', 'x'])).toEqual({ line: 1, column: 1 });
    expect(await locate('', ['id'])).toBeUndefined();
  });
});

describe('the error of a definition', () => {
  test('names path, line, column and expectation of the first five, and counts the rest', async () => {
    const text = '{\n"id": "x", "$schema": "s",\n"a":1,"b":1,"c":1,"d":1,"e":1,\n"execute": {"timeout": 5}}';
    const error = await definitionError(checkDefinition(JSON.parse(text)), text, 'd.json');
    expect(error).toMatchObject({ code: 'definition-invalid', exitCode: 2, where: 'd.json:4:13' });
    expect(error.message).toContain('6 errors');
    expect(error.message).toContain('execute.timeout (line 4, column 13): expected a text, got the number 5');
    expect(error.message).toContain('and 1 more');
    expect(error.details.findings).toHaveLength(6);
  });

  test('a key not carried out yet says so, with its line', async () => {
    const text = '{"id": "x",\n "deliver": {"approval": []}}';
    const error = await definitionError(checkDefinition(JSON.parse(text)), text, 'd.json');
    expect(error.message).toContain(
      'deliver.approval (line 2, column 14): "approval" is not carried out yet by this version',
    );
    expect(error.hint).toContain('Take out');
  });

  test('the warning about a legacy path names its line', async () => {
    const text = readFileSync(new URL('../fixtures/legacy-definition.json', import.meta.url), 'utf8');
    const [finding] = checkDefinition(JSON.parse(text)).filter(({ message }) =>
      message.startsWith('this absolute path means'),
    );
    expect(finding?.path).toEqual(['verify', 'requiredFiles', 0]);
    expect(await locate(text, finding?.path ?? [])).toMatchObject({ line: expect.any(Number), column: 7 });
  });
});
