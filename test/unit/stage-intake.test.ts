/** intake: what a request says, before anything else looks at it. */
import { expect, test } from 'vitest';
import { isRefusal } from '../../src/errors.ts';
import { intakeOutput, MAX_INPUT_BYTES, readInput, utf8Length } from '../../src/workflow/stages/intake.ts';
import { outputOf } from '../../src/workflow/state.ts';
import { command, runSpec } from '../support/run-spec.ts';

const read = (raw: string) => {
  const input = readInput(raw);
  if (isRefusal(input)) throw new Error(input.message);
  return input;
};

test('the task is trimmed, so that a trailing newline makes no other request', () => {
  expect(read('  write a post \n\t')).toMatchObject({
    text: 'write a post',
    task: 'write a post',
    kind: 'text',
  });
});

test.each([
  ['', 'input-empty'],
  [' \n\t ', 'input-empty'],
  ['a\0b', 'input-nul'],
  ['cut \ud83d', 'input-encoding'],
  ['a'.repeat(MAX_INPUT_BYTES + 1), 'input-too-large'],
  ['ü'.repeat(MAX_INPUT_BYTES / 2 + 1), 'input-too-large'],
  ['{"task": ""}', 'input-empty'],
  ['{"prompt": 7}', 'input-empty'],
])('%.20j is refused with exit 2 and says what to do', (raw, code) => {
  expect(readInput(raw)).toMatchObject({ refused: true, code, exitCode: 2, hint: expect.any(String) });
});

test('exactly 256 KiB is accepted, in bytes and not in characters', () => {
  expect(read('ü'.repeat(MAX_INPUT_BYTES / 2)).kind).toBe('text');
});

test.each([['task'], ['prompt'], ['message']])('a JSON object with "%s" is a structured task', (name) => {
  const input = read(JSON.stringify({ [name]: ' do it ', who: 'Ada', n: 3, list: [1] }));
  expect(input).toMatchObject({ kind: 'structured', task: 'do it' });
  expect([...input.fields]).toEqual([
    [name, ' do it '],
    ['who', 'Ada'],
    ['n', '3'],
    ['list', '[1]'],
  ]);
});

test.each([['{"x": 1}'], ['[1]'], ['{broken'], ['"task"'], ['{}']])(
  '%s is a plain task as it stands',
  (raw) => {
    expect(read(raw)).toMatchObject({ kind: 'text', task: raw });
  },
);

test('field names that JavaScript knows are fields and nothing else', () => {
  const input = read('{"task":"t","__proto__":"p","constructor":"c"}');
  expect(input.fields.get('__proto__')).toBe('p');
  expect(input.fields.get('constructor')).toBe('c');
  expect(input.fields.get('toString')).toBeUndefined();
});

test('the length of a text in UTF-8 is what an encoder says', () => {
  for (const text of ['', 'abc', 'üö', '東京', '😀 and 😀', 'e\u0301'])
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
});

test('its output says how long the task is and which fields it has', () => {
  const { context, given, past } = runSpec({ execute: command }, { input: '{"task":"tü","who":"Ada"}' });
  const { state } = given(past());
  expect(outputOf(state, 'intake')).toEqual({
    kind: 'structured',
    bytes: Buffer.byteLength(context.input.text),
    redactions: 0,
    task: 'tü',
    fields: ['task', 'who'],
  });
  expect(intakeOutput(read('plain'), 2)).toEqual({ kind: 'text', bytes: 5, redactions: 2 });
});
