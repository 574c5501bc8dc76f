import { describe, expect, test } from 'vitest';
import { expand, isKnownName, isUserName, placeholders, templateParts } from '../../src/workflow/template.ts';

const values = (entries: Record<string, string>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

describe('expand', () => {
  test('replaces every name, with or without blanks inside the braces', () => {
    expect(expand('{{task}} for {{ runId }}/{{task}}', values({ task: 'write', runId: 'r1' }))).toBe(
      'write for r1/write',
    );
  });

  test('leaves text without names, and braces that are no template, as they are', () => {
    expect(expand('a {b} $(c) }} {', values({}))).toBe('a {b} $(c) }} {');
  });

  test('a task that spells a template or a replacement pattern reaches the command as it was typed', () => {
    expect(expand('{{task}}|{{runId}}', values({ task: '{{runId}} $& $1 $`', runId: 'r1' }))).toBe(
      '{{runId}} $& $1 $`|r1',
    );
  });

  test('a name nobody gave a value for is a bug, not an empty text', () => {
    expect(() => expand('{{runId}}', values({}))).toThrow(/no value for \{\{runId\}\}/);
  });

  test('a field the input lacks is said to the user with the field and what to do', () => {
    expect(() => expand('{{input.brand}}', values({ input: 'x' }))).toThrow(
      expect.objectContaining({ code: 'input-field-missing', exitCode: 2, where: 'input field "brand"' }),
    );
  });
});

describe('names', () => {
  test('placeholders come in order, with repetitions', () => {
    expect(placeholders('{{a}} {{ b }} {{a}} {{}}')).toEqual(['a', 'b', 'a', '']);
  });

  test('only listed names and fields of the input are known', () => {
    expect(['task', 'input', 'input.x', 'date'].every(isKnownName)).toBe(true);
    expect(['Task', 'input.', 'tasks', 'constructor', '__proto__', ''].some(isKnownName)).toBe(false);
  });

  test('everything a user typed, or that contains it, counts as a user value', () => {
    expect(['task', 'input', 'input.x', 'brief', 'idempotencyKey'].every(isUserName)).toBe(true);
    expect(['route', 'runId', 'taskFile', 'home'].some(isUserName)).toBe(false);
  });

  test('parts keep fixed text and names apart', () => {
    expect(templateParts('--x={{task}}!')).toEqual([{ fixed: '--x=' }, { name: 'task' }, { fixed: '!' }]);
  });
});
